/**
 * What one process did to its memory, by place: a place is a Python stack with the native frames above it. Records are
 * samples, so sums are estimates: an allocation that was seen with probability p stands for 1/p of them, which is right
 * on average for whatever is added up, and off by what `variance` says.
 */
import { withoutRoom, withRoom } from './flameColumns';
import { chance, spread, type Block } from './memoryBlock';
import type {
  AllocationRecord,
  BlockRecord,
  CopyRecord,
  MemoryFigures,
  MemorySumRecord,
  TouchedRecord,
} from './records';
import { SparseRows } from './sparseRows';
import { TimeAxis } from './timeAxis';

/** Slices of time that live bytes are known for, by place. */
export const mostSlices = 64;
const firstSliceNs = 5e6;

/** Figures by site id, as columns longer than count. Bytes and counts are estimates. */
export class MemorySites {
  count = 0;
  /** The place: a cell of the process. */
  cell = new Int32Array(0);
  allocated = new Float64Array(0);
  allocations = new Float64Array(0);
  /** The part of allocated that Python's own allocators gave. */
  python = new Float64Array(0);
  copied = new Float64Array(0);
  /** Mapped, not unmapped, and not touched. */
  reserved = new Float64Array(0);
  live = new Float64Array(0);
  /** Live when the live bytes of the process were at their highest. */
  peak = new Float64Array(0);
  /** Expected squares of the errors of allocated and of live, bytes². */
  variance = new Float64Array(0);
  liveVariance = new Float64Array(0);
  /** When the first allocation was recorded, and the last. */
  firstNs = new Float64Array(0);
  lastNs = new Float64Array(0);
  /** Allocations recorded. */
  records = new Float64Array(0);
  /** See change. */
  #change = new Float64Array(0);
  /** The same of a process that has ended, as it is mostly nothing: what is not 0, site by site. */
  #sparse: SparseRows | undefined;
  readonly axis = new TimeAxis(mostSlices, firstSliceNs, () => this.#joinSlices());

  /** How long the process has lived, ns, and what of that its threads are known to have done, added up; whether it has ended. */
  process = { livedNs: 0, knownNs: 0, isOver: false };
  /** Live bytes of the process now, and at their highest. */
  total = 0;
  peakTotal = 0;
  peakNs = 0;
  #totalNs = 0;
  #blocks = new Map<number, Block>();
  #lastBlock = 0;
  #ofCell = new Map<number, number>();
  /** Sites whose live bytes differ from their peak column. */
  #offPeak: number[] = [];
  #isOffPeak = new Uint8Array(0);

  /** changed is told of each site whose figures change; isMerged: of several processes that have ended. */
  constructor(
    private readonly changed: (site: number) => void,
    readonly isMerged = false,
  ) {}

  /** An allocation at a cell; blocks are numbered as they come. */
  allocate(cell: number, record: AllocationRecord): void {
    const { timeNs, source, size, period } = record;
    const site = this.#site(cell);
    const seen = chance(size, period);
    const block: Block = { site, bytes: 0, variance: 0 };
    this.#blocks.set(++this.#lastBlock, block);
    this.allocations[site]! += 1 / seen;
    const grown = record.reserved ? 0 : record.grown;
    if (record.reserved) {
      const before = Math.max(0, size - record.grown);
      block.reserved = { size, seen, before, most: before };
      this.reserved[site]! += size / seen;
    }
    this.allocated[site]! += grown / seen;
    this.variance[site]! += spread(grown, seen);
    if (this.records[site]!++ === 0) {
      this.firstNs[site] = timeNs;
    }
    this.lastNs[site] = timeNs;
    if (source === 'python') {
      this.python[site]! += grown / seen;
    }
    const held = record.reserved ? 0 : size;
    this.#move(block, held / seen, spread(held, seen), timeNs);
  }

  /** So much of a mapping that was reserved is touched. Its bytes are allocated when they are touched for the first time. */
  touch({ allocation, bytes, timeNs }: TouchedRecord): void {
    const block = this.#blocks.get(allocation);
    if (!block?.reserved) {
      return;
    }
    const { site, reserved } = block;
    const { size, seen, before, most } = reserved;
    const touched = Math.min(bytes, size);
    this.reserved[site]! += block.bytes - touched / seen;
    if (touched > most) {
      this.allocated[site]! += (touched - most) / seen;
      this.variance[site]! += spread(touched - before, seen) - spread(most - before, seen);
      reserved.most = touched;
    }
    if (touched / seen < block.bytes) {
      this.notePeak();
    }
    this.#move(block, touched / seen, spread(touched, seen), timeNs);
  }

  /** The end of a block, by the number it got. One that is not known, or gone already, is damage and left out. */
  free(number: number, timeNs: number): void {
    const block = this.#blocks.get(number);
    if (block) {
      this.#blocks.delete(number);
      this.notePeak();
      if (block.reserved) {
        this.reserved[block.site]! += block.bytes - block.reserved.size / block.reserved.seen;
      }
      this.#move(block, 0, 0, timeNs);
    }
  }

  /** By how much a site's live bytes changed in each slice of time: mostSlices numbers. */
  change(site: number): Float64Array {
    return (
      this.#sparse?.row(site) ?? this.#change.subarray(site * mostSlices, (site + 1) * mostSlices)
    );
  }

  /** Bytes copied at a cell. */
  copy(cell: number, { size, period }: CopyRecord): void {
    const site = this.#site(cell);
    this.copied[site]! += size / chance(size, period);
    this.changed(site);
  }

  /** What many records did at a cell, which are gone. */
  addSum(cell: number, { timeNs, records, firstNs, lastNs, change }: MemorySumRecord): void {
    const site = this.#site(cell);
    if (change.live < 0) this.notePeak();
    if (records > 0) {
      if (this.records[site] === 0) this.firstNs[site] = firstNs;
      this.records[site]! += records;
      this.lastNs[site] = lastNs;
    }
    this.allocated[site]! += change.allocated;
    this.allocations[site]! += change.allocations;
    this.python[site]! += Math.min(change.python, change.allocated);
    this.copied[site]! += change.copied;
    this.reserved[site]! = Math.max(0, this.reserved[site]! + change.reserved);
    this.variance[site]! += change.variance;
    this.#hold(site, change.live, change.liveVariance, timeNs);
  }

  /** Takes note of a block that sums count already. */
  knowBlock(cell: number, { allocation, bytes, variance, reserved }: BlockRecord): void {
    const block: Block = { site: this.#site(cell), bytes, variance };
    if (reserved) block.reserved = { ...reserved };
    this.#blocks.set(allocation, block);
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
    this.#blocks.forEach((block, number) => tell(number, block));
  }

  /** The figures of a site now. */
  figures(site: number): MemoryFigures {
    return {
      allocated: this.allocated[site]!,
      allocations: this.allocations[site]!,
      python: this.python[site]!,
      copied: this.copied[site]!,
      reserved: this.reserved[site]!,
      live: this.live[site]!,
      variance: this.variance[site]!,
      liveVariance: this.liveVariance[site]!,
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
    for (const site of this.#offPeak) {
      this.peak[site] = this.live[site]!;
      this.#isOffPeak[site] = 0;
      this.changed(site);
    }
    this.#offPeak = [];
  }

  /** Live bytes of some sites together at the end of each slice of time, the last one being now. */
  liveOver(sites: readonly number[]): Float64Array {
    const live = new Float64Array(this.axis.count);
    for (const site of sites) {
      const change = this.change(site);
      for (let slice = 0; slice < live.length; slice++) {
        live[slice]! += change[slice]!;
      }
    }
    for (let slice = 1; slice < live.length; slice++) {
      live[slice]! += live[slice - 1]!;
    }
    return live;
  }

  /** No record will come any more. */
  compact(cellNow: Uint32Array): void {
    const { count } = this;
    this.#blocks = new Map();
    this.#ofCell = new Map();
    this.#offPeak = [];
    this.#isOffPeak = new Uint8Array(0);
    this.cell = this.cell.slice(0, count).map((cell) => cellNow[cell]!);
    this.allocated = withoutRoom(this.allocated, count);
    this.allocations = withoutRoom(this.allocations, count);
    this.python = withoutRoom(this.python, count);
    this.copied = withoutRoom(this.copied, count);
    this.reserved = withoutRoom(this.reserved, count);
    this.live = withoutRoom(this.live, count);
    this.peak = withoutRoom(this.peak, count);
    this.variance = withoutRoom(this.variance, count);
    this.liveVariance = withoutRoom(this.liveVariance, count);
    this.firstNs = withoutRoom(this.firstNs, count);
    this.lastNs = withoutRoom(this.lastNs, count);
    this.records = withoutRoom(this.records, count);
    this.#sparse = new SparseRows(this.#change, count, mostSlices);
    this.#change = new Float64Array(0);
  }

  /**
   * Takes over the places of a process that has ended, whose cells are named as those here are. shiftNs: how much later
   * the process began than the time here does. Peaks are added up, each process's at its own highest moment.
   */
  adopt(from: MemorySites, shiftNs: number): void {
    this.axis.sliceOf(shiftNs + from.process.livedNs);
    for (let other = 0; other < from.count; other++) {
      const site = this.#site(from.cell[other]!);
      this.allocated[site]! += from.allocated[other]!;
      this.allocations[site]! += from.allocations[other]!;
      this.python[site]! += from.python[other]!;
      this.copied[site]! += from.copied[other]!;
      this.reserved[site]! += from.reserved[other]!;
      this.live[site]! += from.live[other]!;
      this.peak[site]! += from.peak[other]!;
      this.variance[site]! += from.variance[other]!;
      this.liveVariance[site]! += from.liveVariance[other]!;
      this.records[site]! += from.records[other]!;
      this.total += from.live[other]!;
      from.eachChange(other, (slice, bytes) => {
        const at = this.axis.sliceOf(shiftNs + (slice + 0.5) * from.axis.widthNs);
        this.#change[site * mostSlices + at]! += bytes;
      });
      this.changed(site);
    }
  }

  /** Tells of the slices in which the live bytes of a site changed. */
  eachChange(site: number, tell: (slice: number, bytes: number) => void): void {
    if (this.#sparse) {
      this.#sparse.each(site, tell);
      return;
    }
    this.change(site).forEach((bytes, slice) => bytes !== 0 && tell(slice, bytes));
  }

  /** From now on a block stands for so many bytes. */
  #move(block: Block, bytes: number, variance: number, timeNs: number): void {
    this.#hold(block.site, bytes - block.bytes, variance - block.variance, timeNs);
    block.bytes = bytes;
    block.variance = variance;
  }

  /** A site holds so many bytes more, or less. */
  #hold(site: number, bytes: number, variance: number, timeNs: number): void {
    // What is taken away was there, but for the last digits.
    const more = Math.max(bytes, -this.live[site]!);
    const slice = this.axis.sliceOf(timeNs);
    this.#change[site * mostSlices + slice]! += more;
    this.live[site]! += more;
    this.liveVariance[site]! += variance;
    this.total += more;
    if (more !== 0) this.#totalNs = timeNs;
    if (this.#isOffPeak[site] === 0) {
      this.#isOffPeak[site] = 1;
      this.#offPeak.push(site);
    }
    this.changed(site);
  }

  #site(cell: number): number {
    let site = this.#ofCell.get(cell);
    if (site === undefined) {
      site = this.count++;
      this.#ofCell.set(cell, site);
      const { count } = this;
      this.cell = withRoom(this.cell, count);
      this.allocated = withRoom(this.allocated, count);
      this.allocations = withRoom(this.allocations, count);
      this.python = withRoom(this.python, count);
      this.copied = withRoom(this.copied, count);
      this.reserved = withRoom(this.reserved, count);
      this.live = withRoom(this.live, count);
      this.peak = withRoom(this.peak, count);
      this.variance = withRoom(this.variance, count);
      this.liveVariance = withRoom(this.liveVariance, count);
      this.firstNs = withRoom(this.firstNs, count);
      this.lastNs = withRoom(this.lastNs, count);
      this.records = withRoom(this.records, count);
      this.#change = withRoom(this.#change, count * mostSlices);
      this.#isOffPeak = withRoom(this.#isOffPeak, count);
      this.cell[site] = cell;
    }
    return site;
  }

  #joinSlices(): void {
    const half = mostSlices / 2;
    for (let site = 0; site < this.count; site++) {
      const row = this.#change.subarray(site * mostSlices, (site + 1) * mostSlices);
      for (let slice = 0; slice < half; slice++) {
        row[slice] = row[2 * slice]! + row[2 * slice + 1]!;
      }
      row.fill(0, half);
    }
  }
}
