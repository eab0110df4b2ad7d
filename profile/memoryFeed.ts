/** The memory of one process: takes its records, and charges lines and functions for the places they name. */
import type { Cells } from './cells';
import { Footprint } from './footprint';
import type { LineCosts, ResolvedFrame } from './lineCosts';
import { mayLeakAtEnd } from './leak';
import { MemorySites } from './memorySites';
import type {
  AllocationRecord,
  BlockRecord,
  CopyRecord,
  FootprintRecord,
  FreeRecord,
  MemorySumRecord,
  TouchedRecord,
} from './records';
import type { StackTree } from './stackTree';
import type { ProcessMemory } from './types';

/** Where the cells of a process are: its own, or later those of all that have ended. */
interface Places {
  readonly stacks: StackTree & { isComplete(stack: number): boolean };
  readonly cells: Cells;
}

export class MemoryFeed {
  readonly sites = new MemorySites((site) => this.#changed(site));
  /** Records taken. */
  revision = 0;
  #footprint = new Footprint();
  /** Sites that changed since lines were last told. */
  #dirty: number[] = [];
  #isDirty: number[] = [];
  /** 1: lines and functions know of the site. */
  #isCharged: number[] = [];
  #slices = 0;

  constructor(
    private readonly lines: LineCosts,
    private places: Places,
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

  /** Takes what records came to that are gone, at a cell, or what is left of one. */
  sum(record: MemorySumRecord | BlockRecord, cell: number): void {
    this.revision++;
    if (record.kind === 'block') {
      this.sites.knowBlock(cell, record);
      return;
    }
    this.sites.addSum(cell, record);
    this.#footprint.live(record.timeNs, this.sites.total);
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
   * Brings the figures up to date, at a moment of the process. knownNs: what its threads are known to have done. isFinal:
   * it is over.
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
  }

  /** Tells lines and functions what has changed. Places whose code may still become known wait for that. */
  charge(): void {
    const { stacks, cells } = this.places;
    const later: number[] = [];
    for (const site of this.#dirty) {
      const stack = cells.stack[this.sites.cell[site]!]!;
      if (!this.sites.process.isOver && !stacks.isComplete(stack)) {
        later.push(site);
        continue;
      }
      this.#isDirty[site] = 0;
      const isNew = this.#isCharged[site] !== 1;
      this.#isCharged[site] = 1;
      chargeMemory(this.lines, stacks, stack, isNew ? { sites: this.sites, site } : undefined);
    }
    this.#dirty = later;
  }

  /** It has been settled for the last time. places: of all that have ended; cellNow: what each of its cells is there. */
  compact(places: Places, cellNow: Uint32Array): void {
    this.places = places;
    this.sites.compact(cellNow);
    this.#footprint = new Footprint();
  }

  /** Lines and functions remember of it only whether they leak: its figures will be in those of several processes. */
  forget(): void {
    const { stacks, cells } = this.places;
    if (mayLeakAtEnd(this.sites.process.livedNs)) this.charge();
    for (let site = 0; site < this.sites.count; site++) {
      if (this.#isCharged[site] !== 1) continue;
      eachCharged(this.lines, stacks, cells.stack[this.sites.cell[site]!]!, (frame) => {
        frame.line.memory?.forget(this.sites);
        frame.function.memory?.forget(this.sites);
      });
    }
  }

  /** The largest resident size seen so far, bytes; 0 when nobody looked. */
  get peakResident(): number {
    return this.#footprint.peakResident;
  }

  /** The figures of the process as a whole, until it is compact. */
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

  #changed(site: number): void {
    if (this.#isDirty[site] !== 1) {
      this.#isDirty[site] = 1;
      this.#dirty.push(site);
    }
  }
}

/**
 * Tells lines that the memory of a stack has changed. place: one that they are not charged for yet. In every file of the
 * stack the innermost frame is charged: the line of one's own that called a library, and the library's line that
 * allocated, but not the lines that led there.
 */
export function chargeMemory(
  lines: LineCosts,
  stacks: StackTree,
  stack: number,
  place: { sites: MemorySites; site: number } | undefined,
): void {
  eachCharged(lines, stacks, stack, (frame) =>
    lines.touchMemory(frame.line, frame.function, place),
  );
}

function eachCharged(
  lines: LineCosts,
  stacks: StackTree,
  stack: number,
  tell: (frame: ResolvedFrame) => void,
): void {
  lines.nextStack();
  for (let at = stacks.visible(stack); at !== 0; at = stacks.parentOf(at)) {
    const frame = stacks.frame(at);
    if (frame && lines.isFirstOfFile(frame.line.file)) tell(frame);
  }
}
