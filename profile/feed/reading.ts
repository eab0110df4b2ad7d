/** What a recording is read into, until its process has ended and is folded together with others. */
import type { Cells } from './cells';
import { chargeCell } from './charge';
import type { Columns } from './columns';
import { costOfRow, wallOf } from '../cost';
import { damageNotes } from '../../recording/damage';
import { GpuFeed } from './gpuFeed';
import type { LineCosts } from './lineCosts';
import type { MemoryFeed } from './memoryFeed';
import type {
  CodeRecord,
  EndRecord,
  ProcessRecord,
  RecordingHeader,
  StatsRecord,
} from '../../recording/records';
import { SampleFeed } from './sampleFeed';
import type { NativeChains, NativeNode } from '../stacks/nativeChains';
import type { PythonStacks } from '../stacks/pythonStacks';
import type { ThreadFeed } from './threadFeed';
import type { Cost, ProcessInfo } from '../types';

/** What ProcessFeed itself keeps of its process. */
type KnownInfo = Pick<ProcessInfo, 'elapsedNs' | 'state' | 'samples' | 'notes' | 'detailFrom'> & {
  memory: MemoryFeed | undefined;
};

/** The part of a ProcessFeed that exists until its process has ended and was folded. */
export class Reading {
  readonly samples: SampleFeed;
  readonly stacks: PythonStacks;
  readonly natives: NativeChains;
  process: ProcessRecord | undefined;
  stats: StatsRecord | undefined;
  end: EndRecord | undefined;
  /** Places with a frame whose code was never described. */
  unknownCode = 0;
  /** A view uses its columns too. */
  isLent = false;
  /** Code that came before the ProcessRecord, which says how to read its line table. */
  readonly #waitingCodes: CodeRecord[] = [];
  /** undefined while no GPU is known to be used. */
  #gpu: GpuFeed | undefined;

  constructor(
    /** Changes while the recording grows. */
    public header: RecordingHeader,
    private readonly lines: LineCosts,
    private readonly threads: ReadonlyMap<number, ThreadFeed>,
    threadOf: (number: number) => ThreadFeed,
    readonly columns: Columns,
  ) {
    this.stacks = columns.stacks;
    this.natives = columns.natives;
    this.samples = new SampleFeed(columns, threads, threadOf, header.pid);
  }

  get cells(): Cells {
    return this.samples.cells;
  }

  get gpu(): GpuFeed {
    const { lines, threads, stacks, samples } = this;
    const divided = (cell: number, ns: number): void => samples.observer?.busy(cell, ns);
    return (this.#gpu ??= new GpuFeed(lines, stacks, samples.cells, threads, divided));
  }

  /** Everything sampled so far. */
  get total(): Cost {
    return costOfRow(this.samples.total, 0);
  }

  /** Leaf of the native frames between a node of a stack and the one below. */
  between(stack: number): NativeNode | undefined {
    return this.natives.get(this.stacks.betweenOf(stack));
  }

  addProcess(record: ProcessRecord): void {
    this.process = record;
    this.samples.hexversion = record.hexversion;
    for (const code of this.#waitingCodes.splice(0)) this.stacks.addCode(code, record);
  }

  addCode(record: CodeRecord): void {
    if (this.process) this.stacks.addCode(record, this.process);
    else this.#waitingCodes.push(record);
  }

  /** See ProcessFeed.settle. */
  settle(nowNs: number, isOver: boolean, memory: MemoryFeed | undefined): void {
    const { helpers, helpersOf, cells } = this.samples;
    helpers.settle(nowNs, isOver);
    const waiting: number[] = [];
    for (const cell of cells.dirty) {
      const helpersOfCell = helpersOf.get(cell);
      // Without helpers, the cells of an ended process are charged with those of all ended processes (EndedProcesses).
      const mustWait = isOver
        ? helpersOfCell === undefined
        : !this.stacks.isComplete(cells.stack[cell]!);
      if (mustWait) {
        waiting.push(cell);
        continue;
      }
      const isKnown = chargeCell(this.lines, this.stacks, cells, cell, helpersOfCell);
      this.unknownCode += isKnown ? 0 : 1;
      cells.settled(cell);
    }
    cells.dirty = waiting;
    memory?.settle(nowNs, wallOf(this.total), isOver);
    if (!isOver) memory?.charge();
    this.#gpu?.settle(nowNs, isOver);
  }

  info({ elapsedNs, state, samples, notes, detailFrom, memory }: KnownInfo): ProcessInfo {
    const { header, process, stats, end } = this;
    return {
      pid: header.pid,
      ppid: header.ppid,
      command: process?.argv ?? [],
      cwd: process?.cwd ?? '',
      executable: process?.executable ?? '',
      pythonVersion: process?.pythonVersion ?? '',
      engine: process?.engine ?? '',
      startUnixMs: header.startUnixNs / 1e6,
      elapsedNs,
      cpuNs: Math.max(header.processCpuNs, stats?.processCpuNs ?? 0, end?.processCpuNs ?? 0),
      agentCpuNs: stats?.agentCpuNs ?? 0,
      peakBytes: end?.peakBytes || memory?.peakResident || null,
      memory: memory?.info() ?? null,
      ...(this.#gpu && { gpu: this.#gpu.info() }),
      exit: end?.exit ?? null,
      state,
      whyFull: header.whyFull,
      samples,
      dropped: stats?.dropped ?? 0,
      rejected: stats?.rejected ?? 0,
      late: stats?.late ?? 0,
      offLine: this.samples.offLine.cost(),
      intervalNs: header.intervalNs,
      ...(detailFrom && { detailFrom }),
      notes: [
        ...notes,
        ...damageNotes(this.samples.foreign, this.unknownCode, this.stacks.damagedTables),
      ],
    };
  }
}
