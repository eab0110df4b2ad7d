/**
 * Adds memory records of one process to its sites. Records are samples, so sums are estimates: an allocation that is
 * recorded with probability p stands for 1/p allocations. That is right on average for any sum, with an error whose
 * expected square is `variance`.
 */
import { probabilityOf, varianceOf } from './block';
import { Blocks, type Block } from './blocks';
import { siteRow, siteRowLength } from './siteRow';
import type { MemorySites } from './sites';
import type {
  AllocationRecord,
  BlockRecord,
  CopyRecord,
  MemorySumRecord,
  TouchedRecord,
} from '../../recording/memoryRecords';

export class SiteRecords {
  readonly #sites: MemorySites;
  readonly #blocks: Blocks;
  #lastBlock = 0;

  /** blocks: empty ones. */
  constructor(sites: MemorySites, blocks = new Blocks()) {
    this.#sites = sites;
    this.#blocks = blocks;
  }

  /** Adds an allocation at a cell; allocations are numbered in the order in which they come. */
  allocate(cell: number, record: AllocationRecord): void {
    const { timeNs, source, size, period, reserved } = record;
    const site = this.#sites.siteOf(cell);
    const { rows } = this.#sites;
    const row = site * siteRowLength;
    const probability = probabilityOf(size, period);
    const number = ++this.#lastBlock;
    const block = this.#blocks.add(number, site);
    rows[row + siteRow.allocations]! += 1 / probability;
    const grown = reserved ? 0 : record.grown;
    if (reserved) {
      const before = Math.max(0, size - record.grown);
      this.#blocks.reserved.set(number, { size, seen: probability, before, most: before });
      rows[row + siteRow.reserved]! += size / probability;
    }
    rows[row + siteRow.allocated]! += grown / probability;
    rows[row + siteRow.variance]! += varianceOf(grown, probability);
    if (rows[row + siteRow.records]!++ === 0) {
      rows[row + siteRow.firstNs] = timeNs;
    }
    rows[row + siteRow.lastNs] = timeNs;
    if (source === 'python') {
      rows[row + siteRow.python]! += grown / probability;
    }
    const held = reserved ? 0 : size;
    this.#move(block, held / probability, varianceOf(held, probability), timeNs);
  }

  /** More, or less, of a reserved mapping is touched. Its bytes are allocated when they are touched for the first time. */
  touch({ allocation, bytes, timeNs }: TouchedRecord): void {
    const block = this.#blocks.find(allocation);
    const reserved = this.#blocks.reserved.get(allocation);
    if (block < 0 || !reserved) {
      return;
    }
    const { rows } = this.#sites;
    const row = this.#blocks.site[block]! * siteRowLength;
    const held = this.#blocks.bytes[block]!;
    const { size, seen: probability, before, most } = reserved;
    const touched = Math.min(bytes, size);
    rows[row + siteRow.reserved]! += held - touched / probability;
    if (touched > most) {
      rows[row + siteRow.allocated]! += (touched - most) / probability;
      rows[row + siteRow.variance]! +=
        varianceOf(touched - before, probability) - varianceOf(most - before, probability);
      reserved.most = touched;
    }
    if (touched / probability < held) {
      this.#sites.notePeak();
    }
    this.#move(block, touched / probability, varianceOf(touched, probability), timeNs);
  }

  /** A block is freed, by its number. A block that is unknown, or was freed already, is damage and is ignored. */
  free(number: number, timeNs: number): void {
    const block = this.#blocks.find(number);
    if (block < 0) {
      return;
    }
    this.#sites.notePeak();
    const reserved = this.#blocks.reserved.get(number);
    if (reserved) {
      const row = this.#blocks.site[block]! * siteRowLength;
      this.#sites.rows[row + siteRow.reserved]! +=
        this.#blocks.bytes[block]! - reserved.size / reserved.seen;
    }
    this.#move(block, 0, 0, timeNs);
    this.#blocks.remove(number);
  }

  /** Bytes copied at a cell. */
  copy(cell: number, { size, period }: CopyRecord): void {
    const site = this.#sites.siteOf(cell);
    this.#sites.rows[site * siteRowLength + siteRow.copied]! += size / probabilityOf(size, period);
    this.#sites.change(site);
  }

  /** Adds the sum of records at a cell that were thinned. */
  addSum(cell: number, { timeNs, records, firstNs, lastNs, change }: MemorySumRecord): void {
    const site = this.#sites.siteOf(cell);
    if (change.live < 0) this.#sites.notePeak();
    const { rows } = this.#sites;
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
    this.#sites.hold(site, change.live, change.liveVariance, timeNs);
  }

  /** Adds a live block that sums already count. */
  knowBlock(cell: number, { allocation, bytes, variance, reserved }: BlockRecord): void {
    this.#blocks.remove(allocation);
    const block = this.#blocks.add(allocation, this.#sites.siteOf(cell));
    this.#blocks.bytes[block] = bytes;
    this.#blocks.variance[block] = variance;
    if (reserved) this.#blocks.reserved.set(allocation, { ...reserved });
  }

  /** The next block gets the number after this one. */
  goOnFrom(number: number): void {
    this.#lastBlock = Math.max(this.#lastBlock, number);
  }

  /** The number of the last block. */
  get lastBlock(): number {
    return this.#lastBlock;
  }

  /** Calls back for all live blocks, in the order of their numbers. */
  eachBlock(visit: (number: number, block: Readonly<Block>) => void): void {
    this.#blocks.each(visit);
  }

  /** Sets what a block stands for. */
  #move(block: number, bytes: number, variance: number, timeNs: number): void {
    const blocks = this.#blocks;
    const more = bytes - blocks.bytes[block]!;
    this.#sites.hold(blocks.site[block]!, more, variance - blocks.variance[block]!, timeNs);
    blocks.bytes[block] = bytes;
    blocks.variance[block] = variance;
  }
}
