/** The memory of one process: takes its records, and charges lines and functions for the places they name. */
import type { Cells } from './cells';
import type { Columns } from './columns';
import { Footprint } from '../memory/footprint';
import type { LineCosts } from './lineCosts';
import type { ResolvedFrame } from './lineEntries';
import { mayLeakAtEnd } from '../memory/leak';
import { SiteRecords } from '../memory/siteRecords';
import { siteRow } from '../memory/siteRow';
import { MemorySites } from '../memory/sites';
import type {
  AllocationRecord,
  BlockRecord,
  CopyRecord,
  FootprintRecord,
  FreeRecord,
  MemorySumRecord,
  TouchedRecord,
} from '../../recording/memoryRecords';
import type { StackTree } from '../stacks/stackTree';
import type { ProcessMemory } from '../memory/types';

/** Where the cells of a process are: its own, or later those of all that have ended. */
interface Places {
  readonly stacks: StackTree & { isComplete(stack: number): boolean };
  readonly cells: Cells;
}

export class MemoryFeed {
  readonly sites: MemorySites;
  /** Records taken. */
  revision = 0;
  /** undefined once it is compact: no record comes any more. */
  #records: SiteRecords | undefined;
  /** undefined once it is compact: it is in info() by then. */
  #footprint: Footprint | undefined = new Footprint();
  #slices = 0;

  private places: Places;

  constructor(
    private readonly lines: LineCosts,
    columns: Columns,
  ) {
    this.places = columns;
    this.sites = new MemorySites(false, columns.sitesRoom);
    this.#records = new SiteRecords(this.sites, columns.blocks);
  }

  /** Takes something that happened at a cell. */
  sample(record: AllocationRecord | CopyRecord, cell: number): void {
    this.revision++;
    if (record.kind === 'copy') {
      this.#records?.copy(cell, record);
    } else {
      this.#records?.allocate(cell, record);
      this.#footprint?.live(record.timeNs, this.sites.total);
    }
  }

  /** Takes what records came to that are gone, at a cell, or what is left of one. */
  sum(record: MemorySumRecord | BlockRecord, cell: number): void {
    this.revision++;
    if (record.kind === 'block') {
      this.#records?.knowBlock(cell, record);
      return;
    }
    this.#records?.addSum(cell, record);
    this.#footprint?.live(record.timeNs, this.sites.total);
  }

  /** Takes a record that names no place. */
  other(record: FreeRecord | TouchedRecord | FootprintRecord): void {
    this.revision++;
    if (record.kind === 'footprint') {
      this.#footprint?.resident(record.timeNs, record.resident);
      return;
    }
    if (record.kind === 'free') {
      this.#records?.free(record.allocation, record.timeNs);
    } else {
      this.#records?.touch(record);
    }
    this.#footprint?.live(record.timeNs, this.sites.total);
  }

  /** Earlier allocations are gone: the next one has the number after this one. */
  goOnFrom(number: number): void {
    this.#records?.goOnFrom(number);
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
        sites.change(site);
      }
    }
  }

  /** Tells lines and functions what has changed. Places whose code may still become known wait for that. */
  charge(): void {
    const { stacks, cells } = this.places;
    const { sites } = this;
    for (const site of sites.takeChanged()) {
      const stack = cells.stack[sites.cell[site]!]!;
      if (!sites.process.isOver && !stacks.isComplete(stack)) {
        sites.change(site);
      } else {
        chargeMemory(this.lines, stacks, stack, sites, site);
      }
    }
  }

  /** It has been settled for the last time. places: of all that have ended; cellNow: what each of its cells is there. */
  compact(places: Places, cellNow: Uint32Array): void {
    this.places = places;
    this.sites.compact(cellNow);
    this.#records = undefined;
    this.#footprint = undefined;
  }

  /** Lines and functions remember of it only whether they leak: its figures will be in those of several processes. */
  forget(): void {
    const { stacks, cells } = this.places;
    if (mayLeakAtEnd(this.sites.process.livedNs)) this.charge();
    for (let site = 0; site < this.sites.count; site++) {
      if (!this.sites.isCharged(site)) continue;
      eachCharged(this.lines, stacks, cells.stack[this.sites.cell[site]!]!, (frame) => {
        frame.line.memory?.forget(this.sites);
        frame.function.memory?.forget(this.sites);
      });
    }
  }

  /** The largest resident size seen so far, bytes; 0 when nobody looked. */
  get peakResident(): number {
    return this.#footprint?.peakResident ?? 0;
  }

  /** The figures of the process as a whole, until it is compact. */
  info(): ProcessMemory {
    const { sites } = this;
    sites.notePeak();
    return {
      allocatedBytes: sites.sum(siteRow.allocated),
      allocations: sites.sum(siteRow.allocations),
      growthBytes: sites.total,
      peakLiveBytes: sites.peakTotal,
      peakLiveNs: sites.peakNs,
      copiedBytes: sites.sum(siteRow.copied),
      reservedBytes: sites.sum(siteRow.reserved),
      footprint: this.#footprint?.points() ?? '',
    };
  }
}

/**
 * Tells lines that the memory of a place has changed, which has a stack. In every file of the stack the innermost frame is
 * charged: the line of one's own that called a library, and the library's line that allocated, but not the lines that led
 * there.
 */
export function chargeMemory(
  lines: LineCosts,
  stacks: StackTree,
  stack: number,
  sites: MemorySites,
  site: number,
): void {
  const place = sites.charge(site) ? { sites, site } : undefined;
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
