/** One process of a run: takes its recording record by record, and folds it away when the process has ended. */
import type { Cells } from './cells';
import type { Columns } from './columns';
import { wallOf } from '../cost';
import { previousTrack } from './exec';
import type { EndedProcesses } from '../ended/processes';
import type { LineCosts } from './lineCosts';
import { MemoryFeed } from './memoryFeed';
import type { FeedObserver } from './observer';
import { programOf } from '../paths';
import { Reading } from './reading';
import type {
  ChildEndRecord,
  FrameTaker,
  RecordingHeader,
  StreamRecord,
  ThinnedRecord,
} from '../../recording/records';
import { samplesOf } from './sampleCost';
import type { NativeNode } from '../stacks/nativeChains';
import type { PythonStacks } from '../stacks/pythonStacks';
import type { ThreadFeed } from './threadFeed';
import type { Cost, ProcessInfo } from '../types';

/** Shared by all processes without notes and ended children, since a run may have very many of them. */
const none: never[] = [];

/** Takes one recording; made by ProfileBuilder.addProcess. */
export class ProcessFeed {
  readonly threads = new Map<number, ThreadFeed>();
  /** undefined once the process has ended and was folded together with others (EndedProcesses). */
  #reading: Reading | undefined;
  /** undefined while nothing says that memory is measured, and once it was merged with that of others (EndedMemory). */
  memory: MemoryFeed | undefined;
  samples = 0;
  /** Kept from the reading when the process was folded away. */
  #lastInfo: ProcessInfo | undefined;
  #lastWallNs = 0;
  state: ProcessInfo['state'] = 'running';
  /** It has recorded its own end. */
  hasSaidEnd = false;
  /** Its recording was closed; without an end, it may have become another program. */
  wasClosed = false;
  /** The last moment that records tell of. */
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
    /** The last recording of a process with the same number. */
    readonly previous: ProcessFeed | undefined,
    columns: Columns,
    private readonly onEnd: (feed: ProcessFeed) => void,
  ) {
    this.startNs = header.startMonotonicNs;
    this.pid = header.pid;
    this.ppid = header.ppid;
    const threadOf = (number: number): ThreadFeed => this.#thread(number);
    this.#reading = new Reading(header, lines, this.threads, threadOf, columns);
  }

  /** It has ended and was folded away: nothing will be added. */
  get isCompact(): boolean {
    return this.#reading === undefined;
  }

  /** Whether the process has ended, so that unknown code stays unknown. */
  get isOver(): boolean {
    return this.state !== 'running';
  }

  /** Its children that a signal ended. */
  get childEnds(): readonly ChildEndRecord[] {
    return this.#childEnds;
  }

  /** From now on the observer is told how the time of helper threads and GPUs is divided. */
  observe(observer: FeedObserver): void {
    this.reading.samples.observer = observer;
  }

  /** A view may go on using these after the process has ended, so that no other process gets them then. */
  get cells(): Cells {
    this.reading.isLent = true;
    return this.reading.cells;
  }

  get stacks(): PythonStacks {
    this.reading.isLent = true;
    return this.reading.stacks;
  }

  /** Leaf of the native frames between a node of a stack and the one below. */
  between(stack: number): NativeNode | undefined {
    return this.reading.between(stack);
  }

  /** Only until the process is folded away. */
  private get reading(): Reading {
    if (!this.#reading) throw new Error('This process has ended and was folded away.');
    return this.#reading;
  }

  /** The name of the program that it runs. */
  get program(): string {
    return programOf(this.#lastInfo?.command ?? this.reading.process?.argv ?? []);
  }

  /** From its start to the last known moment, ns. */
  get elapsedNs(): number {
    // After the end the heartbeat says nothing.
    if (!this.#reading || this.hasSaidEnd) return this.#lastNs;
    return Math.max(this.#lastNs, this.#reading.header.heartbeatNs - this.startNs);
  }

  /** Everything sampled so far; only until the process is folded away. */
  get total(): Cost {
    return this.reading.total;
  }

  /** How long its threads ran, waited or had no core, ns. */
  get wallNs(): number {
    return this.#reading ? wallOf(this.total) : this.#lastWallNs;
  }

  /** Takes the current header; it changes while the recording grows. */
  header(header: RecordingHeader): void {
    this.reading.header = header;
    this.wasClosed = header.state === 'closed';
  }

  /** Takes native frames and stacks without a record object for each. */
  get frames(): FrameTaker {
    return this.reading.columns;
  }

  /** Takes the next record of the recording. */
  record(record: StreamRecord): void {
    switch (record.kind) {
      case 'sample':
        this.samples += samplesOf(record);
        this.#addedTo(this.reading.samples.sample(record), record.timeNs);
        return;
      case 'queue':
        this.#addedTo(this.reading.samples.queue(record), record.timeNs);
        return;
      case 'stack':
        this.reading.stacks.add(record.parent, record.code, record.instruction, record.between);
        return;
      case 'native':
        this.reading.natives.add(record.parent, record.module, record.offset, record.exact);
        return;
      case 'module':
        this.reading.natives.addModule(record);
        return;
      case 'code':
        this.reading.addCode(record);
        return;
      case 'process':
        this.reading.addProcess(record);
        return;
      case 'thread':
        this.#thread(record.thread).begin(record, this.pid, previousTrack(this, record.tid));
        return;
      case 'threadEnd': {
        const thread = this.#thread(record.thread);
        thread.clockNs = record.cpuNs;
        thread.lived(record.endNs, record.endNs);
        this.#noteTime(record.endNs);
        return;
      }
      case 'stats':
        this.reading.stats = record;
        this.isQueueKnown = record.queueNs !== null;
        this.#noteTime(record.timeNs);
        return;
      case 'end':
        this.reading.end = record;
        this.hasSaidEnd = true;
        this.#noteTime(record.timeNs);
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
        this.#memory().sample(record, this.reading.samples.cellOf(record, 'running'));
        return;
      case 'memorySum':
      case 'block':
        this.#memory().sum(record, this.reading.samples.cellOf(record, 'running'));
        return;
      case 'thinned':
        this.#thinned(record);
        return;
      case 'helped':
        this.reading.samples.helped(record);
        return;
      case 'gpuPlace':
        this.reading.gpu.add(this.reading.samples.cellOf(record, 'running'), record.ns);
        return;
      case 'gpuDevice':
      case 'gpuUse':
        this.reading.gpu.record(record);
        return;
    }
  }

  /**
   * Nothing more will come: the process ended by itself, or was lost (killed, or the file ends early), or the file
   * was full.
   */
  finish(state: 'ended' | 'lost' | 'full'): void {
    this.state = state;
    this.onEnd(this);
  }

  /** What is known of the process so far. */
  info(): ProcessInfo {
    return this.#lastInfo ?? this.#infoNow();
  }

  #infoNow(): ProcessInfo {
    const { elapsedNs, state, samples, memory } = this;
    const [notes, detailFrom] = [this.#notes, this.#detailFrom];
    return this.reading.info({
      elapsedNs,
      state,
      samples,
      memory,
      notes,
      ...(detailFrom && { detailFrom }),
    });
  }

  /**
   * Adds fresh cost to lines and functions. Stacks with unknown code wait for it until the process has ended; then
   * their known frames are charged.
   */
  settle(nowNs = this.elapsedNs): void {
    this.reading.settle(nowNs, this.isOver, this.memory);
  }

  /** Adds what it did to that of the other processes that have ended, and keeps only its figures. It is over and settled. */
  fold(into: EndedProcesses): void {
    const { columns, stacks, isLent } = this.reading;
    const { cells, total, helpersOf } = this.reading.samples;
    if (helpersOf.size > 0) this.lines.endHelpers(helpersOf, cells, stacks);
    const { cellNow, isKnown } = into.adopt(columns, total);
    this.reading.unknownCode += isKnown ? 0 : 1;
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

  /** Earlier records were thinned: takes over the state that they led to. */
  #thinned(record: ThinnedRecord): void {
    this.#detailFrom = { ns: record.untilNs, stretchNs: record.stretchNs };
    if (record.allocations > 0) this.#memory().goOnFrom(record.allocations);
    for (const { thread, systemNs } of record.uncharged) {
      this.#thread(thread).pool.uncharged = systemNs;
    }
    this.#noteTime(record.untilNs);
  }

  /** A sample or a time without a core was added to a thread. */
  #addedTo(thread: ThreadFeed, ns: number): void {
    this.#noteTime(ns);
    if (!thread.isLong) return;
    // Helpers and GPUs are charged by where threads were: that is done before old rows are merged.
    this.settle(this.#lastNs);
    thread.mergeOld();
  }

  #memory(): MemoryFeed {
    return (this.memory ??= new MemoryFeed(this.lines, this.reading.columns));
  }

  #thread(number: number): ThreadFeed {
    let thread = this.threads.get(number);
    if (!thread) {
      thread = this.newThread();
      this.threads.set(number, thread);
    }
    return thread;
  }

  #noteTime(ns: number): void {
    if (ns > this.#lastNs) this.#lastNs = ns;
  }
}
