/** One process of a run: takes its recording record by record and keeps what the profile and the flame chart are made of. */
import type { Cells } from './cells';
import { chargeCell } from './charge';
import { costOfRow, wallOf } from '../cost';
import type { Columns } from './columns';
import type { EndedProcesses } from '../ended/processes';
import type { FeedObserver } from './observer';
import { GpuFeed } from './gpuFeed';
import type { LineCosts } from './lineCosts';
import { MemoryFeed } from './memoryFeed';
import type { NativeChains, NativeNode } from '../stacks/nativeChains';
import { programOf } from '../paths';
import type { PythonStacks } from '../stacks/pythonStacks';
import { damageNotes } from './damage';
import type {
  ChildEndRecord,
  CodeRecord,
  EndRecord,
  FrameTaker,
  ProcessRecord,
  RecordingHeader,
  StatsRecord,
  StreamRecord,
  ThinnedRecord,
} from '../../recording/records';
import { samplesOf } from './sampleCost';
import { SampleFeed } from './sampleFeed';
import type { ThreadFeed } from './threadFeed';
import type { Cost, ProcessInfo } from '../types';

/** What a fork needs to become another program: some milliseconds, by the size of its parent. */
const briefNs = 20e6;

/** What it takes to read a recording. */
class Reading {
  readonly samples: SampleFeed;
  readonly stacks: PythonStacks;
  readonly natives: NativeChains;
  readonly waitingCodes: CodeRecord[] = [];
  /** undefined while no GPU is known to be used. */
  gpu: GpuFeed | undefined;
  process: ProcessRecord | undefined;
  stats: StatsRecord | undefined;
  end: EndRecord | undefined;
  unknownCode = 0;
  /** Somebody else has its columns too. */
  isLent = false;

  constructor(
    /** As it is now. */
    public header: RecordingHeader,
    threads: ReadonlyMap<number, ThreadFeed>,
    threadOf: (number: number) => ThreadFeed,
    readonly columns: Columns,
  ) {
    this.stacks = columns.stacks;
    this.natives = columns.natives;
    this.samples = new SampleFeed(columns, threads, threadOf, header.pid);
  }
}

/** Most processes have nothing to say: an array of its own for each would be room for nothing. */
const none: never[] = [];

/** Takes one recording; made by ProfileBuilder.addProcess. */
export class ProcessFeed {
  readonly threads = new Map<number, ThreadFeed>();
  /** undefined when it has ended: what it did is with the others that have (EndedProcesses). */
  #reading: Reading | undefined;
  /** undefined while nothing says that memory is measured, and when it is not told apart any more (EndedMemory). */
  memory: MemoryFeed | undefined;
  samples = 0;
  /** What is known of it in the end. */
  #lastInfo: ProcessInfo | undefined;
  #lastWallNs = 0;
  state: ProcessInfo['state'] = 'running';
  /** Whether it has said its end, and whether it may have become another program instead. */
  #saidEnd = false;
  #wasClosed = false;
  #lastNs = 0;
  /** Whether it is known how long threads could run but had no core. */
  isQueueKnown = false;
  #notes: ProcessInfo['notes'][number][] = none;
  #detailFrom: ProcessInfo['detailFrom'];
  #childEnds: ChildEndRecord[] = none;
  readonly startNs: number;
  readonly pid: number;
  readonly ppid: number;

  constructor(
    header: RecordingHeader,
    private readonly lines: LineCosts,
    private readonly newThread: () => ThreadFeed,
    /** The recording before this one that has the same number of process. */
    private readonly before: ProcessFeed | undefined,
    columns: Columns,
    private readonly ended: (feed: ProcessFeed) => void,
  ) {
    this.startNs = header.startMonotonicNs;
    this.pid = header.pid;
    this.ppid = header.ppid;
    const threadOf = (number: number): ThreadFeed => this.#thread(number);
    this.#reading = new Reading(header, this.threads, threadOf, columns);
  }

  /** It has ended, and nothing will be added. */
  get isCompact(): boolean {
    return this.#reading === undefined;
  }

  /** Whether nothing will become known of code that is not. */
  get isOver(): boolean {
    return this.state !== 'running';
  }

  /** Children that a signal ended. */
  get childEnds(): readonly ChildEndRecord[] {
    return this.#childEnds;
  }

  /** Tells somebody how the time of helper threads and GPUs is divided. */
  observe(observer: FeedObserver): void {
    this.now.samples.observer = observer;
  }

  /** Whoever asks for these may go on using them after the process has ended, in a view of it. */
  get cells(): Cells {
    this.now.isLent = true;
    return this.now.samples.cells;
  }

  get stacks(): PythonStacks {
    this.now.isLent = true;
    return this.now.stacks;
  }

  /** Leaf of the native frames between a node of a stack and the one below. */
  between(stack: number): NativeNode | undefined {
    return this.now.natives.get(this.now.stacks.betweenOf(stack));
  }

  /** Only while it is read. */
  private get now(): Reading {
    if (!this.#reading) throw new Error('This process has ended and was folded away.');
    return this.#reading;
  }

  /** What it runs, in a word. */
  get program(): string {
    return programOf(this.#lastInfo?.command ?? this.now.process?.argv ?? []);
  }

  /**
   * What the process ran before it called exec, which closes a recording without an END. undefined when it did not: the
   * process of this number before it had come to its end.
   */
  get continues(): ProcessFeed | undefined {
    const { before } = this;
    if (!before || before.#saidEnd) return undefined;
    return before.state === 'running' || before.#wasClosed ? before : undefined;
  }

  /** The process became another program when it had hardly begun. */
  get isPassing(): boolean {
    const isBrief = this.samples === 0 || this.wallNs < briefNs;
    return this.state === 'ended' && !this.#saidEnd && isBrief;
  }

  /** Whether it is too early to tell, or known, that nobody wants to see this process. */
  get isHidden(): boolean {
    return this.samples === 0 && (this.state === 'running' || this.isPassing);
  }

  /** From its start to the last moment known, ns. */
  get elapsedNs(): number {
    // Whoever has said the end needs no sign of life.
    if (!this.#reading || this.#saidEnd) return this.#lastNs;
    return Math.max(this.#lastNs, this.#reading.header.heartbeatNs - this.startNs);
  }

  /** Everything sampled so far, as long as it is read. */
  get total(): Cost {
    return costOfRow(this.now.samples.total, 0);
  }

  private get wallNs(): number {
    return this.#reading ? wallOf(this.total) : this.#lastWallNs;
  }

  /** Takes the header as it is now; it changes while the recording grows. */
  header(header: RecordingHeader): void {
    this.now.header = header;
    this.#wasClosed = header.state === 'closed';
  }

  /** Takes the records that are native frames and stacks, as record() does. */
  get frames(): FrameTaker {
    return this.now.columns;
  }

  /** Takes the next record of the recording. */
  record(record: StreamRecord): void {
    switch (record.kind) {
      case 'sample':
        this.samples += samplesOf(record);
        this.#grown(this.now.samples.sample(record), record.timeNs);
        return;
      case 'queue':
        this.#grown(this.now.samples.queue(record), record.timeNs);
        return;
      case 'stack':
        this.now.stacks.add(record.parent, record.code, record.instruction, record.between);
        return;
      case 'native':
        this.now.natives.add(record.parent, record.module, record.offset, record.exact);
        return;
      case 'module':
        this.now.natives.addModule(record);
        return;
      case 'code':
        if (this.now.process) {
          this.now.stacks.addCode(record, this.now.process);
        } else {
          this.now.waitingCodes.push(record);
        }
        return;
      case 'process':
        this.now.process = record;
        this.now.samples.hexversion = record.hexversion;
        for (const code of this.now.waitingCodes.splice(0)) {
          this.now.stacks.addCode(code, record);
        }
        return;
      case 'thread': {
        const thread = this.#thread(record.thread);
        thread.tid = record.tid;
        thread.makerTid = record.makerTid;
        thread.track = this.continues?.trackOf(record.tid) ?? thread.id;
        thread.lived(record.startNs, record.startNs);
        thread.isNamed = record.name !== '' || record.tid === this.pid;
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
        this.now.stats = record;
        this.isQueueKnown = record.queueNs !== null;
        this.#reached(record.timeNs);
        return;
      case 'end':
        this.now.end = record;
        this.#saidEnd = true;
        this.#reached(record.timeNs);
        return;
      case 'childEnd':
        if (this.#childEnds === none) this.#childEnds = [];
        this.#childEnds.push(record);
        return;
      case 'note':
        if (this.#notes === none) this.#notes = [];
        this.#notes.push({ severity: record.severity, text: record.text });
        return;
      case 'free':
      case 'touched':
      case 'footprint':
        this.#memory().other(record);
        return;
      case 'allocation':
      case 'copy':
        this.#memory().sample(record, this.now.samples.cellOf(record, 'running'));
        return;
      case 'memorySum':
      case 'block':
        this.#memory().sum(record, this.now.samples.cellOf(record, 'running'));
        return;
      case 'thinned':
        this.#thinned(record);
        return;
      case 'helped':
        this.now.samples.helped(record);
        return;
      case 'gpuPlace':
        this.#gpu().add(this.now.samples.cellOf(record, 'running'), record.ns);
        return;
      case 'gpuDevice':
      case 'gpuUse':
        this.#gpu().record(record);
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
    this.ended(this);
  }

  /** What is known of the process now. */
  info(): ProcessInfo {
    return this.#lastInfo ?? this.#infoNow();
  }

  #infoNow(): ProcessInfo {
    const { header, process, stats, end, gpu, samples, unknownCode } = this.now;
    return {
      pid: header.pid,
      ppid: header.ppid,
      command: process?.argv ?? [],
      cwd: process?.cwd ?? '',
      executable: process?.executable ?? '',
      pythonVersion: process?.pythonVersion ?? '',
      engine: process?.engine ?? '',
      startUnixMs: header.startUnixNs / 1e6,
      elapsedNs: this.elapsedNs,
      cpuNs: Math.max(header.processCpuNs, stats?.processCpuNs ?? 0, end?.processCpuNs ?? 0),
      agentCpuNs: stats?.agentCpuNs ?? 0,
      peakBytes: end?.peakBytes || this.memory?.peakResident || null,
      memory: this.memory?.info() ?? null,
      ...(gpu && { gpu: gpu.info() }),
      exit: end?.exit ?? null,
      state: this.state,
      whyFull: header.whyFull,
      samples: this.samples,
      dropped: stats?.dropped ?? 0,
      rejected: stats?.rejected ?? 0,
      late: stats?.late ?? 0,
      offLine: samples.offLine.cost(),
      intervalNs: header.intervalNs,
      ...(this.#detailFrom && { detailFrom: this.#detailFrom }),
      notes: [
        ...this.#notes,
        ...damageNotes(samples.foreign, unknownCode, this.now.stacks.damagedTables),
      ],
    };
  }

  /**
   * Adds fresh cost to lines and functions. Stacks with code that has not come yet wait for it, unless the recording has
   * ended: then only their known frames are charged.
   */
  settle(nowNs = this.elapsedNs): void {
    const { stacks, gpu } = this.now;
    const { helpers, helpersOf, cells } = this.now.samples;
    helpers.settle(nowNs, this.isOver);
    const later: number[] = [];
    for (const cell of cells.dirty) {
      const of = helpersOf.get(cell);
      // What a process did that is over is charged with what others did that are.
      if (this.isOver ? of === undefined : !stacks.isComplete(cells.stack[cell]!)) {
        later.push(cell);
        continue;
      }
      this.now.unknownCode += chargeCell(this.lines, stacks, cells, cell, of) ? 0 : 1;
      cells.settled(cell);
    }
    cells.dirty = later;
    this.memory?.settle(nowNs, wallOf(this.total), this.isOver);
    if (!this.isOver) this.memory?.charge();
    gpu?.settle(nowNs, this.isOver);
  }

  /** It is over and has been settled: what it did goes to the others that are, and only its figures are kept. */
  fold(into: EndedProcesses): void {
    const { columns, stacks, isLent } = this.now;
    const { cells, total, helpersOf } = this.now.samples;
    if (helpersOf.size > 0) this.lines.endHelpers(helpersOf, cells, stacks);
    const { cellNow, isKnown } = into.adopt(columns, total);
    this.now.unknownCode += isKnown ? 0 : 1;
    this.threads.forEach((thread) => thread.compact(cellNow));
    this.#lastWallNs = this.wallNs;
    this.#lastNs = this.elapsedNs;
    const info = this.#infoNow();
    this.#lastInfo = info;
    columns.sitesRoom = this.memory?.sites.room;
    if (this.memory && info.memory) into.memory.adopt(this, this.memory, info.memory, cellNow);
    this.#reading = undefined;
    if (!isLent) into.spare.giveBack(columns);
  }

  #gpu(): GpuFeed {
    const { lines, threads } = this;
    const { stacks, samples } = this.now;
    const divided = (cell: number, ns: number): void => samples.observer?.busy(cell, ns);
    return (this.now.gpu ??= new GpuFeed(lines, stacks, samples.cells, threads, divided));
  }

  /** Goes on from records that are gone. */
  #thinned(record: ThinnedRecord): void {
    this.#detailFrom = { ns: record.untilNs, stretchNs: record.stretchNs };
    if (record.allocations > 0) this.#memory().sites.goOnFrom(record.allocations);
    for (const { thread, systemNs } of record.uncharged) {
      this.#thread(thread).pool.uncharged = systemNs;
    }
    this.#reached(record.untilNs);
  }

  /** Something was added to a thread, at a moment of the run. */
  #grown(thread: ThreadFeed, ns: number): void {
    this.#reached(ns);
    if (!thread.isLong) return;
    // What depends on where threads were long ago is decided before that is forgotten.
    this.settle(this.#lastNs);
    thread.mergeOld();
  }

  #memory(): MemoryFeed {
    return (this.memory ??= new MemoryFeed(this.lines, this.now.columns));
  }

  #thread(number: number): ThreadFeed {
    let thread = this.threads.get(number);
    if (!thread) {
      thread = this.newThread();
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
