/** The memory of one process: takes its records, and charges lines and functions for the places that they name. */
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

/** Where the cells of a process are: in its own columns, or later among those of all processes that have ended. */
interface Places {
  readonly stacks: StackTree & { isComplete(stack: number): boolean };
  readonly cells: Cells;
}

/** The memory records of one process; made when the first of them comes. */
export class MemoryFeed {
  readonly sites: MemorySites;
  /** How many records were taken. */
  revision = 0;
  /** undefined once it is compact: no record comes any more. */
  #records: SiteRecords | undefined;
  /** undefined once it is compact: info() has been called by then. */
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

  /** Takes a record about a cell. */
  sample(record: AllocationRecord | CopyRecord, cell: number): void {
    this.revision++;
    if (record.kind === 'copy') {
      this.#records?.copy(cell, record);
    } else {
      this.#records?.allocate(cell, record);
      this.#footprint?.live(record.timeNs, this.sites.total);
    }
  }

  /** Takes the sum of thinned records about a cell, or a block that they left. */
  sum(record: MemorySumRecord | BlockRecord, cell: number): void {
    this.revision++;
    if (record.kind === 'block') {
      this.#records?.knowBlock(cell, record);
      return;
    }
    this.#records?.addSum(cell, record);
    this.#footprint?.live(record.timeNs, this.sites.total);
  }

  /** Takes a record that names no cell. */
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

  /** Earlier records were thinned: the next allocation has the number after this one. */
  goOnFrom(number: number): void {
    this.#records?.goOnFrom(number);
  }

  /**
   * Brings the figures up to date, at a moment of the process. knownNs: how much of the time of its threads is known.
   * isFinal: the process has ended.
   */
  settle(nowNs: number, knownNs: number, isFinal: boolean): void {
    const { sites } = this;
    const hasEnded = isFinal && !sites.process.isOver;
    sites.process = { livedNs: nowNs, knownNs, isOver: isFinal };
    this.lines.measureMemory();
    sites.notePeak();
    sites.axis.sliceOf(nowNs);
    if (hasEnded || this.#slices !== sites.axis.count) {
      // Whether a site leaks also depends on how long it has not grown, and on whether the process has ended.
      this.#slices = sites.axis.count;
      for (let site = 0; site < sites.count; site++) {
        sites.change(site);
      }
    }
  }

  /** Charges lines and functions for changed sites. Sites whose code may still be described are charged later. */
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

  /** The process has ended and was settled. places: those of all ended processes; cellNow: by cell, its id there. */
  compact(places: Places, cellNow: Uint32Array): void {
    this.places = places;
    this.sites.compact(cellNow);
    this.#records = undefined;
    this.#footprint = undefined;
  }

  /** The sites will be merged with those of other processes: lines and functions keep only whether they leaked. */
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

  /** The largest resident size so far, bytes; 0 if none was recorded. */
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
 * Charges lines for a site whose memory has changed. In every file on its stack the innermost frame is charged: the
 * user's line that called a library, and the library's line that allocated, but not the lines that led there.
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
