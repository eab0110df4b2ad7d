/**
 * Takes memory records of one process into its sites. Records are samples, so sums are estimates: an allocation that is recorded
 * with probability p stands for 1/p of them, which is right on average for whatever is added up, and off by what `variance` says.
 */
import { chance, spread } from './block';
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

  /** An allocation at a cell; blocks are numbered as they come. */
  allocate(cell: number, record: AllocationRecord): void {
    const { timeNs, source, size, period, reserved } = record;
    const site = this.#sites.siteOf(cell);
    const { rows } = this.#sites;
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
    const { rows } = this.#sites;
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
      this.#sites.notePeak();
    }
    this.#move(block, touched / seen, spread(touched, seen), timeNs);
  }

  /** The end of a block, by the number it got. One that is not known, or gone already, is damage and left out. */
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
    this.#sites.rows[site * siteRowLength + siteRow.copied]! += size / chance(size, period);
    this.#sites.change(site);
  }

  /** What many records did at a cell, which are gone. */
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

  /** Takes note of a block that sums count already. */
  knowBlock(cell: number, { allocation, bytes, variance, reserved }: BlockRecord): void {
    this.#blocks.remove(allocation);
    const block = this.#blocks.add(allocation, this.#sites.siteOf(cell));
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

  /** From now on a block stands for so many bytes. */
  #move(block: number, bytes: number, variance: number, timeNs: number): void {
    const blocks = this.#blocks;
    const more = bytes - blocks.bytes[block]!;
    this.#sites.hold(blocks.site[block]!, more, variance - blocks.variance[block]!, timeNs);
    blocks.bytes[block] = bytes;
    blocks.variance[block] = variance;
  }
}
