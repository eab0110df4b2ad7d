/** The memory of one process: takes its records, and charges lines and functions for the places they name. */
import type { Cells } from './cells';
import { Footprint } from './footprint';
import type { LineCosts } from './lineCosts';
import { MemorySites } from './memorySites';
import type { PythonStacks } from './pythonStacks';
import type {
  AllocationRecord,
  CopyRecord,
  FootprintRecord,
  FreeRecord,
  TouchedRecord,
} from './records';
import type { ProcessMemory } from './types';

export class MemoryFeed {
  readonly sites = new MemorySites((site) => this.#changed(site));
  /** Records taken. */
  revision = 0;
  readonly #footprint = new Footprint();
  /** Sites that changed since lines were last told. */
  #dirty: number[] = [];
  #isDirty: number[] = [];
  /** 1: lines and functions know of the site. */
  #isCharged: number[] = [];
  #slices = 0;

  constructor(
    private readonly lines: LineCosts,
    private readonly stacks: PythonStacks,
    private readonly cells: Cells,
  ) {}

  /** Takes something that happened at a cell. */
  sample(record: AllocationRecord | CopyRecord, cell: number): void {
    this.revision++;
    if (record.kind === 'copy') {
      this.sites.copy(cell, record);
    } else {
      this.sites.allocate(cell, record);
      this.#footprint.live(record.timeNs, this.sites.total);
    }
  }

  /** Takes a record that names no place. */
  other(record: FreeRecord | TouchedRecord | FootprintRecord): void {
    this.revision++;
    if (record.kind === 'footprint') {
      this.#footprint.resident(record.timeNs, record.resident);
      return;
    }
    if (record.kind === 'free') {
      this.sites.free(record.allocation, record.timeNs);
    } else {
      this.sites.touch(record);
    }
    this.#footprint.live(record.timeNs, this.sites.total);
  }

  /**
   * Brings lines and functions up to date, at a moment of the process. knownNs: what its threads are known to have done.
   * isFinal: code that is not known yet will not come any more.
   */
  settle(nowNs: number, knownNs: number, isFinal: boolean): void {
    const { sites } = this;
    const hasEnded = isFinal && !sites.process.isOver;
    sites.process = { livedNs: nowNs, knownNs, isOver: isFinal };
    this.lines.measureMemory();
    sites.notePeak();
    sites.axis.sliceOf(nowNs);
    if (hasEnded || this.#slices !== sites.axis.count) {
      // Whether something grows is also a matter of the time that has passed without it, and of whether it is over.
      this.#slices = sites.axis.count;
      for (let site = 0; site < sites.count; site++) {
        this.#changed(site);
      }
    }
    const later: number[] = [];
    for (const site of this.#dirty) {
      const stack = this.cells.stack[sites.cell[site]!]!;
      if (!isFinal && !this.stacks.isComplete(stack)) {
        later.push(site);
        continue;
      }
      this.#isDirty[site] = 0;
      this.#charge(site, stack);
    }
    this.#dirty = later;
  }

  /** It has been settled for the last time. cellNow: what each of its cells is among those of the processes that have ended. */
  compact(cellNow: Uint32Array): void {
    this.#isDirty = [];
    this.#isCharged = [];
    this.sites.compact(cellNow);
  }

  /** The largest resident size seen so far, bytes; 0 when nobody looked. */
  get peakResident(): number {
    return this.#footprint.peakResident;
  }

  /** The figures of the process as a whole. */
  info(): ProcessMemory {
    const { sites } = this;
    sites.notePeak();
    const sum = (column: Float64Array): number =>
      column.subarray(0, sites.count).reduce((total, value) => total + value, 0);
    return {
      allocatedBytes: sum(sites.allocated),
      allocations: sum(sites.allocations),
      growthBytes: sites.total,
      peakLiveBytes: sites.peakTotal,
      peakLiveNs: sites.peakNs,
      copiedBytes: sum(sites.copied),
      reservedBytes: sum(sites.reserved),
      footprint: this.#footprint.points(),
    };
  }

  /**
   * In every file of the stack the innermost frame is charged: the line of one's own that called a library, and the
   * library's line that allocated, but not the lines that led there.
   */
  #charge(site: number, stack: number): void {
    const { lines, sites, stacks } = this;
    const isNew = this.#isCharged[site] !== 1;
    this.#isCharged[site] = 1;
    lines.nextStack();
    for (let at = stacks.visible(stack); at !== 0; at = stacks.parentOf(at)) {
      const frame = stacks.frame(at);
      if (frame && lines.isFirstOfFile(frame.line.file)) {
        lines.touchMemory(frame.line, frame.function, isNew ? { sites, site } : undefined);
      }
    }
  }

  #changed(site: number): void {
    if (this.#isDirty[site] !== 1) {
      this.#isDirty[site] = 1;
      this.#dirty.push(site);
    }
  }
}
