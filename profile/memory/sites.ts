/**
 * What one process did to its memory, by place: a place is a Python stack with the native frames above it. Records are
 * samples, so sums are estimates: an allocation that was seen with probability p stands for 1/p of them, which is right
 * on average for whatever is added up, and off by what `variance` says.
 */
import { Blocks, type Block } from './blocks';
import { Changes } from './changes';
import { trimmed, withRoom } from '../../recording/arrays';
import { chance, spread } from './block';
import type {
  AllocationRecord,
  BlockRecord,
  CopyRecord,
  MemoryFigures,
  MemorySumRecord,
  TouchedRecord,
} from '../../recording/records';
import { TimeAxis } from '../feed/timeAxis';

/** Slices of time that live bytes are known for, by place. */
export const mostSlices = 64;
const firstSliceNs = 5e6;

/** The figures of a place are a row of numbers, in this order. Bytes and counts are estimates. */
export const siteRow = {
  allocated: 0,
  allocations: 1,
  /** The part of allocated that Python's own allocators gave. */
  python: 2,
  copied: 3,
  /** Mapped, not unmapped, and not touched. */
  reserved: 4,
  live: 5,
  /** Live when the live bytes of the process were at their highest. */
  peak: 6,
  /** Expected squares of the errors of allocated and of live, bytes². */
  variance: 7,
  liveVariance: 8,
  /** Allocations recorded. */
  records: 9,
  /** When the first allocation was recorded, and the last. */
  firstNs: 10,
  lastNs: 11,
} as const;
export const siteRowLength = 12;
/** Figures before this one add up over processes. */
const firstMoment = siteRow.firstNs;

/** What is to be known of a site beside its figures. */
const isChanged = 1;
const isCharged = 2;
/** Its live bytes may differ from its peak. */
const isOffPeak = 4;

/** For how many places and changes there is room from the beginning: growing takes longer than filling. */
export interface SitesRoom {
  readonly sites: number;
  readonly changes: number;
}
const noRoom: SitesRoom = { sites: 0, changes: 0 };

/** No block is looked for in a process that has ended. */
const noBlocks = new Blocks();
const noSites = new Int32Array(0);

export class MemorySites {
  count = 0;
  /** The place: a cell of the process. */
  cell = new Int32Array(0);
  /** siteRowLength figures of each site. */
  rows = new Float64Array(0);
  #flags = new Uint8Array(0);
  #room = 0;
  /** By how much the live bytes of each site changed in each slice of time. */
  readonly #changes: Changes;
  readonly axis = new TimeAxis(mostSlices, firstSliceNs, () => this.#changes.join());

  /** How long the process has lived, ns, and what of that its threads are known to have done, added up; whether it has ended. */
  process = { livedNs: 0, knownNs: 0, isOver: false };
  /** Live bytes of the process now, and at their highest. */
  total = 0;
  peakTotal = 0;
  peakNs = 0;
  #totalNs = 0;
  #blocks: Blocks;
  #lastBlock = 0;
  /** By cell, one higher; 0 for none. */
  #ofCell = noSites;
  #changed: number[] = [];
  #offPeak: number[] = [];

  /** isMerged: of several processes that have ended. blocks: empty ones. */
  constructor(
    readonly isMerged = false,
    blocks = new Blocks(),
    { sites, changes }: SitesRoom = noRoom,
  ) {
    this.#blocks = blocks;
    this.#changes = new Changes(sites, changes);
    if (sites > 0) this.#growColumns(sites);
  }

  /** As much as it has taken. */
  get room(): SitesRoom {
    return { sites: this.count, changes: this.#changes.count };
  }

  /** A figure of a site. */
  figure(site: number, figure: number): number {
    return this.rows[site * siteRowLength + figure]!;
  }

  /** A figure of all sites together. */
  sum(figure: number): number {
    let sum = 0;
    for (let site = 0; site < this.count; site++) sum += this.figure(site, figure);
    return sum;
  }

  /** An allocation at a cell; blocks are numbered as they come. */
  allocate(cell: number, record: AllocationRecord): void {
    const { timeNs, source, size, period, reserved } = record;
    const site = this.#site(cell);
    const { rows } = this;
    const row = site * siteRowLength;
    const seen = chance(size, period);
    const number = ++this.#lastBlock;
    const block = this.#blocks.add(number, site);
    rows[row + siteRow.allocations]! += 1 / seen;
    const grown = reserved ? 0 : record.grown;
    if (reserved) {
      const before = Math.max(0, size - record.grown);
      this.#blocks.reserved.set(number, { size, seen, before, most: before });
      rows[row + siteRow.reserved]! += size / seen;
    }
    rows[row + siteRow.allocated]! += grown / seen;
    rows[row + siteRow.variance]! += spread(grown, seen);
    if (rows[row + siteRow.records]!++ === 0) {
      rows[row + siteRow.firstNs] = timeNs;
    }
    rows[row + siteRow.lastNs] = timeNs;
    if (source === 'python') {
      rows[row + siteRow.python]! += grown / seen;
    }
    const held = reserved ? 0 : size;
    this.#move(block, held / seen, spread(held, seen), timeNs);
  }

  /** So much of a mapping that was reserved is touched. Its bytes are allocated when they are touched for the first time. */
  touch({ allocation, bytes, timeNs }: TouchedRecord): void {
    const block = this.#blocks.find(allocation);
    const reserved = this.#blocks.reserved.get(allocation);
    if (block < 0 || !reserved) {
      return;
    }
    const { rows } = this;
    const row = this.#blocks.site[block]! * siteRowLength;
    const held = this.#blocks.bytes[block]!;
    const { size, seen, before, most } = reserved;
    const touched = Math.min(bytes, size);
    rows[row + siteRow.reserved]! += held - touched / seen;
    if (touched > most) {
      rows[row + siteRow.allocated]! += (touched - most) / seen;
      rows[row + siteRow.variance]! += spread(touched - before, seen) - spread(most - before, seen);
      reserved.most = touched;
    }
    if (touched / seen < held) {
      this.notePeak();
    }
    this.#move(block, touched / seen, spread(touched, seen), timeNs);
  }

  /** The end of a block, by the number it got. One that is not known, or gone already, is damage and left out. */
  free(number: number, timeNs: number): void {
    const block = this.#blocks.find(number);
    if (block < 0) {
      return;
    }
    this.notePeak();
    const reserved = this.#blocks.reserved.get(number);
    if (reserved) {
      const row = this.#blocks.site[block]! * siteRowLength;
      this.rows[row + siteRow.reserved]! +=
        this.#blocks.bytes[block]! - reserved.size / reserved.seen;
    }
    this.#move(block, 0, 0, timeNs);
    this.#blocks.remove(number);
  }

  /** Bytes copied at a cell. */
  copy(cell: number, { size, period }: CopyRecord): void {
    const site = this.#site(cell);
    this.rows[site * siteRowLength + siteRow.copied]! += size / chance(size, period);
    this.change(site);
  }

  /** What many records did at a cell, which are gone. */
  addSum(cell: number, { timeNs, records, firstNs, lastNs, change }: MemorySumRecord): void {
    const site = this.#site(cell);
    if (change.live < 0) this.notePeak();
    const { rows } = this;
    const row = site * siteRowLength;
    if (records > 0) {
      if (rows[row + siteRow.records] === 0) rows[row + siteRow.firstNs] = firstNs;
      rows[row + siteRow.records]! += records;
      rows[row + siteRow.lastNs] = lastNs;
    }
    rows[row + siteRow.allocated]! += change.allocated;
    rows[row + siteRow.allocations]! += change.allocations;
    rows[row + siteRow.python]! += Math.min(change.python, change.allocated);
    rows[row + siteRow.copied]! += change.copied;
    const reserved = rows[row + siteRow.reserved]! + change.reserved;
    rows[row + siteRow.reserved] = Math.max(0, reserved);
    rows[row + siteRow.variance]! += change.variance;
    this.#hold(site, change.live, change.liveVariance, timeNs);
  }

  /** Takes note of a block that sums count already. */
  knowBlock(cell: number, { allocation, bytes, variance, reserved }: BlockRecord): void {
    this.#blocks.remove(allocation);
    const block = this.#blocks.add(allocation, this.#site(cell));
    this.#blocks.bytes[block] = bytes;
    this.#blocks.variance[block] = variance;
    if (reserved) this.#blocks.reserved.set(allocation, { ...reserved });
  }

  /** The next block has the number after this one. */
  goOnFrom(number: number): void {
    this.#lastBlock = Math.max(this.#lastBlock, number);
  }

  /** The number of the last block. */
  get lastBlock(): number {
    return this.#lastBlock;
  }

  /** Tells of all blocks that are there, by their numbers. */
  eachBlock(tell: (number: number, block: Readonly<Block>) => void): void {
    this.#blocks.each(tell);
  }

  /** The figures of a site now. */
  figures(site: number): MemoryFigures {
    return {
      allocated: this.figure(site, siteRow.allocated),
      allocations: this.figure(site, siteRow.allocations),
      python: this.figure(site, siteRow.python),
      copied: this.figure(site, siteRow.copied),
      reserved: this.figure(site, siteRow.reserved),
      live: this.figure(site, siteRow.live),
      variance: this.figure(site, siteRow.variance),
      liveVariance: this.figure(site, siteRow.liveVariance),
    };
  }

  /**
   * Takes down what each place holds if the process holds more than ever. Called whenever bytes are about to be given
   * back, and before peaks are read; the work is in proportion to the places that changed since the last time.
   */
  notePeak(): void {
    if (this.total <= this.peakTotal) {
      return;
    }
    this.peakTotal = this.total;
    this.peakNs = this.#totalNs;
    const { rows } = this;
    for (const site of this.#offPeak) {
      const row = site * siteRowLength;
      rows[row + siteRow.peak] = rows[row + siteRow.live]!;
      this.#flags[site]! &= ~isOffPeak;
      this.change(site);
    }
    this.#offPeak = [];
  }

  /** Live bytes of some sites together at the end of each slice of time, the last one being now. */
  liveOver(sites: readonly number[]): Float64Array {
    const live = new Float64Array(this.axis.count);
    for (const site of sites) {
      this.eachChange(site, (slice, bytes) => (live[slice]! += bytes));
    }
    for (let slice = 1; slice < live.length; slice++) {
      live[slice]! += live[slice - 1]!;
    }
    return live;
  }

  /** Tells of the slices in which the live bytes of a site changed. */
  eachChange(site: number, tell: (slice: number, bytes: number) => void): void {
    this.#changes.each(site, tell);
  }

  /** The figures of a site have changed, or what they mean. */
  change(site: number): void {
    if ((this.#flags[site]! & isChanged) === 0) {
      this.#flags[site]! |= isChanged;
      this.#changed.push(site);
    }
  }

  /** Sites that have changed since this was last asked, each once. */
  takeChanged(): number[] {
    const changed = this.#changed;
    this.#changed = [];
    for (const site of changed) this.#flags[site]! &= ~isChanged;
    return changed;
  }

  /** Lines and functions are charged for a site. Returns false where they were already. */
  charge(site: number): boolean {
    const isNew = !this.isCharged(site);
    this.#flags[site]! |= isCharged;
    return isNew;
  }

  isCharged(site: number): boolean {
    return (this.#flags[site]! & isCharged) !== 0;
  }

  /** No record will come any more. cellNow: what each cell is called from now on. */
  compact(cellNow: Uint32Array): void {
    this.#blocks = noBlocks;
    this.#ofCell = noSites;
    this.#offPeak = [];
    this.#changes.trim();
    this.cell = trimmed(this.cell, this.count);
    this.#room = this.cell.length;
    this.rows = trimmed(this.rows, this.#room * siteRowLength);
    this.#flags = trimmed(this.#flags, this.#room);
    for (let site = 0; site < this.count; site++) {
      this.cell[site] = cellNow[this.cell[site]!]!;
    }
  }

  /**
   * Takes over the places of a process that has ended, whose cells are named as those here are. shiftNs: how much later
   * the process began than the time here does. Peaks are added up, each process's at its own highest moment.
   */
  adopt(from: MemorySites, shiftNs: number): void {
    this.axis.sliceOf(shiftNs + from.process.livedNs);
    for (let other = 0; other < from.count; other++) {
      const site = this.#site(from.cell[other]!);
      const row = site * siteRowLength;
      const otherRow = other * siteRowLength;
      for (let figure = 0; figure < firstMoment; figure++) {
        this.rows[row + figure]! += from.rows[otherRow + figure]!;
      }
      this.total += from.rows[otherRow + siteRow.live]!;
      from.eachChange(other, (slice, bytes) => {
        const at = this.axis.sliceOf(shiftNs + (slice + 0.5) * from.axis.widthNs);
        this.#changes.add(site, at, bytes);
      });
      this.change(site);
    }
  }

  /** From now on a block stands for so many bytes. */
  #move(block: number, bytes: number, variance: number, timeNs: number): void {
    const blocks = this.#blocks;
    const more = bytes - blocks.bytes[block]!;
    this.#hold(blocks.site[block]!, more, variance - blocks.variance[block]!, timeNs);
    blocks.bytes[block] = bytes;
    blocks.variance[block] = variance;
  }

  /** A site holds so many bytes more, or less. */
  #hold(site: number, bytes: number, variance: number, timeNs: number): void {
    const row = site * siteRowLength;
    // What is taken away was there, but for the last digits.
    const more = Math.max(bytes, -this.rows[row + siteRow.live]!);
    this.#changes.add(site, this.axis.sliceOf(timeNs), more);
    this.rows[row + siteRow.live]! += more;
    this.rows[row + siteRow.liveVariance]! += variance;
    this.total += more;
    if (more !== 0) this.#totalNs = timeNs;
    if ((this.#flags[site]! & isOffPeak) === 0) {
      this.#flags[site]! |= isOffPeak;
      this.#offPeak.push(site);
    }
    this.change(site);
  }

  #site(cell: number): number {
    if (cell >= this.#ofCell.length) this.#ofCell = withRoom(this.#ofCell, cell + 1);
    const known = this.#ofCell[cell]!;
    if (known !== 0) return known - 1;
    const site = this.count++;
    this.#ofCell[cell] = site + 1;
    if (site >= this.#room) this.#growColumns(this.count);
    this.cell[site] = cell;
    return site;
  }

  #growColumns(needed: number): void {
    this.cell = withRoom(this.cell, needed);
    this.#room = this.cell.length;
    this.rows = withRoom(this.rows, this.#room * siteRowLength);
    this.#flags = withRoom(this.#flags, this.#room);
  }
}
