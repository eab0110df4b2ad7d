/** One process of a run: takes its recording record by record and keeps what the profile and the flame chart are made of. */
import { Cells, type CellTop } from './cells';
import { addRow, costOfRow, costRow, costRowLength, wallOf } from './cost';
import { GpuFeed } from './gpuFeed';
import { HelperWork, type HelperSample } from './helperWork';
import type { LineCosts } from './lineCosts';
import { MemoryFeed } from './memoryFeed';
import { NativeChains, type NativeTree } from './nativeChains';
import { OffLine } from './offLine';
import { callKind } from './opcodes';
import { libraryName, programOf } from './paths';
import { PythonStacks } from './pythonStacks';
import { damageNotes } from './damage';
import type {
  ChildEndRecord,
  CodeRecord,
  EndRecord,
  ProcessRecord,
  QueueRecord,
  RecordingHeader,
  SampleRecord,
  StatsRecord,
  StreamRecord,
} from './records';
import { queueCost, sampleCost, takeSystem } from './sampleCost';
import { ThreadFeed } from './threadFeed';
import type { Cost, ProcessInfo } from './types';

/** What a fork needs to become another program: some milliseconds, by the size of its parent. */
const briefNs = 20e6;

/** Takes one recording; made by ProfileBuilder.addProcess. */
export class ProcessFeed {
  readonly cells = new Cells();
  readonly threads = new Map<number, ThreadFeed>();
  readonly stacks: PythonStacks;
  readonly natives: NativeChains;
  readonly #total = new Float64Array(costRowLength);
  /** undefined while nothing says that memory is measured. */
  memory: MemoryFeed | undefined;
  /** undefined while no GPU is known to be used. */
  #gpu: GpuFeed | undefined;
  readonly #helpers: HelperWork;
  /** Of each cell, the threads without Python code that worked for it, by their ids. */
  #helpersOf = new Map<number, Set<number>>();
  readonly #offLine = new OffLine();
  samples = 0;
  /** It has ended, and nothing will be added. */
  isCompact = false;
  #lastInfo: ProcessInfo | undefined;
  state: ProcessInfo['state'] = 'running';
  readonly #waitingCodes: CodeRecord[] = [];
  #process: ProcessRecord | undefined;
  #stats: StatsRecord | undefined;
  #end: EndRecord | undefined;
  #lastNs = 0;
  #foreign = 0;
  #unknownCode = 0;
  readonly #notes: ProcessInfo['notes'] = [];
  /** Children that a signal ended. */
  readonly childEnds: ChildEndRecord[] = [];

  constructor(
    private current: RecordingHeader,
    private readonly lines: LineCosts,
    private readonly newThreadId: () => number,
    natives: NativeTree,
    /** The recording before this one that has the same number of process. */
    private readonly before: ProcessFeed | undefined,
    private readonly ended: () => void,
  ) {
    this.stacks = new PythonStacks(lines);
    this.natives = new NativeChains(natives);
    this.#helpers = new HelperWork(
      this.cells,
      this.threads,
      (cell) => this.stacks.frame(this.stacks.visible(this.cells.stack[cell]!))?.line,
      (sample, cell, row) => this.#chargeHelper(sample, cell, row),
    );
  }

  get startNs(): number {
    return this.current.startMonotonicNs;
  }

  get pid(): number {
    return this.current.pid;
  }

  get ppid(): number {
    return this.current.ppid;
  }

  /** What it runs, in a word. */
  get program(): string {
    return programOf(this.#process?.argv ?? []);
  }

  /**
   * What the process ran before it called exec, which closes a recording without an END. undefined when it did not: the
   * process of this number before it had come to its end.
   */
  get continues(): ProcessFeed | undefined {
    const { before } = this;
    const mayGoOn = before?.state === 'running' || before?.current.state === 'closed';
    return mayGoOn && before.#end === undefined ? before : undefined;
  }

  /** The process became another program when it had hardly begun. */
  get isPassing(): boolean {
    const isBrief = this.samples === 0 || wallOf(this.total) < briefNs;
    return this.state === 'ended' && this.#end === undefined && isBrief;
  }

  /** Whether it is too early to tell, or known, that nobody wants to see this process. */
  get isHidden(): boolean {
    return this.samples === 0 && (this.state === 'running' || this.isPassing);
  }

  /** From its start to the last moment known, ns. */
  get elapsedNs(): number {
    // Whoever has said the end needs no sign of life.
    const heartbeatNs = this.#end ? 0 : this.current.heartbeatNs - this.startNs;
    return Math.max(this.#lastNs, heartbeatNs);
  }

  /** Whether it is known how long threads could run but had no core. */
  get isQueueKnown(): boolean {
    return this.#stats !== undefined && this.#stats.queueNs !== null;
  }

  /** Everything sampled so far. */
  get total(): Cost {
    return costOfRow(this.#total, 0);
  }

  /** Takes the header as it is now; it changes while the recording grows. */
  header(header: RecordingHeader): void {
    this.current = header;
  }

  /** Takes the next record of the recording. */
  record(record: StreamRecord): void {
    switch (record.kind) {
      case 'sample':
        this.#sample(record);
        return;
      case 'queue':
        this.#queue(record);
        return;
      case 'stack':
        this.stacks.addStack(record);
        return;
      case 'native':
        this.natives.addNative(record);
        return;
      case 'module':
        this.natives.addModule(record);
        return;
      case 'code':
        if (this.#process) {
          this.stacks.addCode(record, this.#process);
        } else {
          this.#waitingCodes.push(record);
        }
        return;
      case 'process':
        this.#process = record;
        for (const code of this.#waitingCodes.splice(0)) {
          this.stacks.addCode(code, record);
        }
        return;
      case 'thread': {
        const thread = this.#thread(record.thread);
        thread.tid = record.tid;
        thread.makerTid = record.makerTid;
        thread.track = this.continues?.trackOf(record.tid) ?? thread.id;
        thread.lived(record.startNs, record.startNs);
        thread.isNamed = record.name !== '' || record.tid === this.current.pid;
        thread.name = record.name || (thread.isNamed ? 'MainThread' : `Thread ${record.tid}`);
        return;
      }
      case 'threadEnd': {
        const thread = this.#thread(record.thread);
        thread.clockNs = record.cpuNs;
        thread.lived(record.endNs, record.endNs);
        this.#reached(record.endNs);
        return;
      }
      case 'stats':
        this.#stats = record;
        this.#reached(record.timeNs);
        return;
      case 'end':
        this.#end = record;
        this.#reached(record.timeNs);
        return;
      case 'childEnd':
        this.childEnds.push(record);
        return;
      case 'note':
        this.#notes.push({ severity: record.severity, text: record.text });
        return;
      case 'free':
      case 'touched':
      case 'footprint':
        this.#memory().other(record);
        return;
      case 'allocation':
      case 'copy':
        this.#memory().sample(record, this.#cellOf(record, 'running'));
        return;
      case 'gpuDevice':
      case 'gpuUse':
        this.#gpu ??= new GpuFeed(this.lines, this.stacks, this.cells, this.threads);
        this.#gpu.record(record);
        return;
    }
  }

  /** The track of a thread by the system's number, undefined when there was none. */
  trackOf(tid: number): number | undefined {
    return [...this.threads.values()].findLast((thread) => thread.tid === tid)?.track;
  }

  /** Nothing more will come: ended by itself, lost (killed, or the file ends early), or the file could not be written any more. */
  finish(state: 'ended' | 'lost' | 'full'): void {
    this.state = state;
    this.ended();
  }

  /** What is known of the process now. */
  info(): ProcessInfo {
    if (!this.isCompact) return this.#infoNow();
    return (this.#lastInfo ??= this.#infoNow());
  }

  #infoNow(): ProcessInfo {
    const header = this.current;
    const stats = this.#stats;
    return {
      pid: header.pid,
      ppid: header.ppid,
      command: this.#process?.argv ?? [],
      cwd: this.#process?.cwd ?? '',
      executable: this.#process?.executable ?? '',
      pythonVersion: this.#process?.pythonVersion ?? '',
      engine: this.#process?.engine ?? '',
      startUnixMs: header.startUnixNs / 1e6,
      elapsedNs: this.elapsedNs,
      cpuNs: Math.max(header.processCpuNs, stats?.processCpuNs ?? 0, this.#end?.processCpuNs ?? 0),
      agentCpuNs: stats?.agentCpuNs ?? 0,
      peakBytes: this.#end?.peakBytes || this.memory?.peakResident || null,
      memory: this.memory?.info() ?? null,
      ...(this.#gpu && { gpu: this.#gpu.info() }),
      exit: this.#end?.exit ?? null,
      state: this.state,
      whyFull: header.whyFull,
      samples: this.samples,
      dropped: stats?.dropped ?? 0,
      rejected: stats?.rejected ?? 0,
      late: stats?.late ?? 0,
      offLine: this.#offLine.cost(),
      intervalNs: header.intervalNs,
      notes: [
        ...this.#notes,
        ...damageNotes(this.#foreign, this.#unknownCode, this.stacks.damagedTables),
      ],
    };
  }

  /**
   * Adds fresh cost to lines and functions. Stacks with code that has not come yet wait for it, unless the recording has
   * ended: then only their known frames are charged.
   */
  settle(): void {
    this.#helpers.settle(this.elapsedNs, this.state !== 'running');
    const { cells } = this;
    const later: number[] = [];
    for (const cell of cells.dirty) {
      if (this.state === 'running' && !this.stacks.isComplete(cells.stack[cell]!)) {
        later.push(cell);
      } else {
        this.#charge(cell);
        cells.settled(cell);
      }
    }
    cells.dirty = later;
    this.memory?.settle(this.elapsedNs, wallOf(this.total), this.state !== 'running');
    this.#gpu?.settle(this.elapsedNs, this.state !== 'running');
  }

  /** Forgets what was only needed to take records and to charge lines. */
  compact(): void {
    this.isCompact = true;
    this.#helpersOf = new Map();
    this.cells.compact();
    this.stacks.compact();
    this.natives.compact();
    this.memory?.compact();
    this.threads.forEach((thread) => thread.compact());
  }

  #charge(cell: number): void {
    const { fresh, leaf, stack } = this.cells;
    const row = cell * costRowLength;
    const native = fresh[row + costRow.native]!;
    const innermost = this.stacks.visible(stack[cell]!);
    const helpers = this.#helpersOf.get(cell);
    this.lines.nextStack();
    for (let at = innermost; at !== 0; at = this.stacks.parentOf(at)) {
      const frame = this.stacks.frame(at);
      if (!frame) {
        this.#unknownCode++;
        continue;
      }
      this.lines.addTotal(frame.line, frame.function, fresh, row);
      if (helpers) {
        this.lines.addHelpers(frame.line, frame.function, helpers);
      }
      if (at === innermost) {
        addRow(frame.line.self, 0, fresh, row);
        addRow(frame.function.self, 0, fresh, row);
        if (leaf[cell] && native > 0) {
          this.lines.addNative(frame.line, leaf[cell].reported, native);
        }
      }
    }
  }

  /** A helper's CPU time becomes that of the line it was for, so that all costs together stay what they are. */
  #chargeHelper(sample: HelperSample, cell: number | undefined, row: Float64Array): void {
    if (cell === undefined) {
      this.#offLine.add(sample.cpuNs, this.cells.leaf[sample.cell]);
      return;
    }
    this.cells.add(cell, row);
    const known = this.#helpersOf.get(cell) ?? new Set();
    this.#helpersOf.set(cell, known.add(sample.thread.id));
    const part = row[costRow.helper]! / sample.cpuNs;
    for (const index of [costRow.python, costRow.runtime, costRow.native, costRow.system]) {
      this.#total[index]! -= sample.cost[index]! * part;
    }
    this.#total[costRow.helper]! += row[costRow.helper]!;
    this.#total[costRow.unsure]! += row[costRow.unsure]!;
    this.#total[costRow.after]! += row[costRow.after]!;
  }

  #sample(sample: SampleRecord): void {
    const thread = this.#thread(sample.thread);
    const running = sample.state === 'running';
    const system = takeSystem(thread.pool, sample);
    // Mostly kernel time is drawn as such even outside system calls: page faults, mainly.
    const top: CellTop = !running
      ? sample.state === 'gil'
        ? 'gil'
        : 'wait'
      : sample.inSyscall || system * 2 > sample.cpuNs
        ? 'system'
        : 'running';
    const cell = this.#cellOf(sample, top);
    const rest = sample.remainder && sample.stack === 0;
    const work = rest ? thread.lastWork : this.cells.work[cell]!;
    const cost = sampleCost(sample, system, work);
    this.cells.add(cell, cost);
    addRow(this.#total, 0, cost, 0);
    if (this.cells.stack[cell] === 0) {
      const leaf = this.cells.leaf[cell];
      if (leaf?.foreign && thread.tid !== this.pid && sample.cpuNs > 0) {
        this.#helpers.sample(thread, cell, sample, cost);
      } else {
        this.#offLine.add(sample.cpuNs, leaf);
      }
      if (!thread.isNamed && leaf?.foreign) {
        // A thread that was seen in a library before it was seen in Python is the library's, for all that is known.
        thread.name = `${libraryName(leaf.foreign.module)} thread ${thread.tid}`;
        thread.isNamed = true;
      }
    }
    if (running && !rest) {
      thread.lastWork = work;
    }
    this.samples += sample.remainder ? 0 : 1;
    thread.runsPython ||= this.cells.stack[cell] !== 0;
    thread.add(cell, sample);
    this.#reached(sample.timeNs);
  }

  #queue(record: QueueRecord): void {
    const cell = this.#cellOf(record, 'queue');
    const cost = queueCost(record.wallNs);
    this.cells.add(cell, cost);
    addRow(this.#total, 0, cost, 0);
    const thread = this.#thread(record.thread);
    thread.runsPython ||= this.cells.stack[cell] !== 0;
    thread.addQueue(cell, record.timeNs, record.wallNs);
    this.#reached(record.timeNs);
  }

  /** The cell of something that happened in a place; of the place only what the recording knows. */
  #cellOf(place: Pick<SampleRecord, 'stack' | 'native' | 'opcode'>, top: CellTop): number {
    const stack = this.stacks.has(place.stack) ? place.stack : 0;
    const leaf = this.natives.get(place.native);
    if (stack !== place.stack || (place.native !== 0 && !leaf)) {
      this.#foreign++;
    }
    const kind = leaf ? callKind(this.#process?.hexversion ?? 0, place.opcode) : 'none';
    return this.cells.find(stack, leaf, kind, top);
  }

  #memory(): MemoryFeed {
    return (this.memory ??= new MemoryFeed(this.lines, this.stacks, this.cells));
  }

  #thread(number: number): ThreadFeed {
    let thread = this.threads.get(number);
    if (!thread) {
      thread = new ThreadFeed(this.newThreadId());
      this.threads.set(number, thread);
    }
    return thread;
  }

  #reached(ns: number): void {
    if (ns > this.#lastNs) {
      this.#lastNs = ns;
    }
  }
}
