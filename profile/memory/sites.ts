/**
 * What one process did to its memory, by site: a Python stack with the native frames above it. SiteRecords adds records;
 * several processes that have ended may share one MemorySites.
 */
import { Changes } from './changes';
import { trimmed, withRoom } from '../../recording/arrays';
import { firstMoment, siteRow, siteRowLength } from './siteRow';
import type { MemoryFigures } from '../../recording/memoryRecords';
import { TimeAxis } from '../feed/timeAxis';

/** How many slices of time the live bytes of a site are known for. */
export const mostSlices = 64;
const firstSliceNs = 5e6;

/** Flags of a site: it has changed since takeChanged(); lines and functions are charged for it. */
const isChanged = 1;
const isCharged = 2;
/** Its live bytes may differ from its peak. */
const isOffPeak = 4;

/** For how many sites and changes there is room from the beginning: growing takes longer than filling. */
export interface SitesRoom {
  readonly sites: number;
  readonly changes: number;
}
const noRoom: SitesRoom = { sites: 0, changes: 0 };

const noCells = new Int32Array(0);

export class MemorySites {
  count = 0;
  /** The cell that says where a site is. */
  cell = new Int32Array(0);
  /** siteRowLength figures of each site. */
  rows = new Float64Array(0);
  #flags = new Uint8Array(0);
  #room = 0;
  /** By how much the live bytes of each site changed in each slice of time. */
  readonly #changes: Changes;
  readonly axis = new TimeAxis(mostSlices, firstSliceNs, () => this.#changes.join());

  /** How long the process has lived, how much of the time of its threads is known, both in ns, and whether it has ended. */
  process = { livedNs: 0, knownNs: 0, isOver: false };
  /** Live bytes of the process now, and at their highest. */
  total = 0;
  peakTotal = 0;
  peakNs = 0;
  #totalNs = 0;
  /** By cell: its site plus 1; 0: none. */
  #ofCell = noCells;
  #changed: number[] = [];
  #offPeak: number[] = [];

  /** isMerged: of several processes that have ended. */
  constructor(
    readonly isMerged = false,
    { sites, changes }: SitesRoom = noRoom,
  ) {
    this.#changes = new Changes(sites, changes);
    if (sites > 0) this.#growColumns(sites);
  }

  /** The room that it has taken. */
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
   * Takes down what each site holds if the process holds more than ever. Has to be called before bytes are freed, and
   * before peaks are read. The work is in proportion to the sites that changed since the last call.
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

  /** Live bytes of some sites together, at the end of each slice of time; the last one is now. */
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

  /** Calls back for the slices in which the live bytes of a site changed. */
  eachChange(site: number, visit: (slice: number, bytes: number) => void): void {
    this.#changes.each(site, visit);
  }

  /** The figures of a site have changed, or whether they are a leak. */
  change(site: number): void {
    if ((this.#flags[site]! & isChanged) === 0) {
      this.#flags[site]! |= isChanged;
      this.#changed.push(site);
    }
  }

  /** The sites that have changed since the last call, each once. */
  takeChanged(): number[] {
    const changed = this.#changed;
    this.#changed = [];
    for (const site of changed) this.#flags[site]! &= ~isChanged;
    return changed;
  }

  /** Lines and functions are charged with a site from now on. Returns false if they were already. */
  charge(site: number): boolean {
    const isNew = !this.isCharged(site);
    this.#flags[site]! |= isCharged;
    return isNew;
  }

  isCharged(site: number): boolean {
    return (this.#flags[site]! & isCharged) !== 0;
  }

  /** The process has ended. cellNow: by cell, its id among those of all ended processes. */
  compact(cellNow: Uint32Array): void {
    this.#ofCell = noCells;
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
   * Adds the sites of a process that has ended; both have the same ids of cells. shiftNs: how much later that process
   * started. Peaks add up, each at the highest moment of its own process.
   */
  adopt(from: MemorySites, shiftNs: number): void {
    this.axis.sliceOf(shiftNs + from.process.livedNs);
    for (let other = 0; other < from.count; other++) {
      const site = this.siteOf(from.cell[other]!);
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

  /** Adds to what a site holds, or takes away: bytes, and variance, the expected square of their error. */
  hold(site: number, bytes: number, variance: number, timeNs: number): void {
    const row = site * siteRowLength;
    // Rounding errors must not make it negative.
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

  /** The site of a cell, made when new. */
  siteOf(cell: number): number {
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
