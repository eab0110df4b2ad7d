/**
 * Memory records of long ago with less detail: in a stretch of time one record says what all of a place came to. Sums, and
 * what each place held when the process held most, stay exact; when within the stretch something happened is lost.
 */
import { SiteRecords } from '../memory/siteRecords';
import { siteRow } from '../memory/siteRow';
import { MemorySites } from '../memory/sites';
import type {
  BlockRecord,
  FootprintRecord,
  MemoryFigures,
  MemoryRecord,
} from '../../recording/memoryRecords';
import type { StreamRecord } from '../../recording/records';

interface Place {
  stack: number;
  native: number;
  opcode: number;
}

const nothing: MemoryFigures = {
  allocated: 0,
  allocations: 0,
  python: 0,
  copied: 0,
  reserved: 0,
  live: 0,
  variance: 0,
  liveVariance: 0,
};
const figureNames = Object.keys(nothing) as (keyof MemoryFigures)[];

/** Adds up the memory of one recording. */
export class MemoryMerger {
  readonly #sites = new MemorySites();
  readonly #records = new SiteRecords(this.#sites);
  readonly #cellOf = new Map<string, number>();
  readonly #places: Place[] = [];
  /** Of each site what has been said of it. */
  readonly #said: { figures: MemoryFigures; records: number }[] = [];
  #saidPeak = 0;
  /** Of the stretch. */
  #lastNs = 0;
  #highest: FootprintRecord | undefined;
  #last: FootprintRecord | undefined;

  constructor(private readonly put: (record: StreamRecord) => void) {}

  add(record: MemoryRecord): void {
    if (record.kind !== 'block') this.#lastNs = Math.max(this.#lastNs, record.timeNs);
    switch (record.kind) {
      case 'allocation':
        this.#records.allocate(this.#cell(record), record);
        return;
      case 'copy':
        this.#records.copy(this.#cell(record), record);
        return;
      case 'free':
        this.#records.free(record.allocation, record.timeNs);
        return;
      case 'touched':
        this.#records.touch(record);
        return;
      case 'memorySum':
        this.#records.addSum(this.#cell(record), record);
        return;
      case 'block':
        this.#records.knowBlock(this.#cell(record), record);
        return;
      case 'footprint':
        if (!this.#highest || record.resident > this.#highest.resident) this.#highest = record;
        this.#last = record;
        return;
    }
  }

  /** See SiteRecords.goOnFrom. */
  goOnFrom(allocations: number): void {
    this.#records.goOnFrom(allocations);
  }

  /** How many blocks have had a number. */
  get allocations(): number {
    return this.#records.lastBlock;
  }

  /** The stretch is over: says what it came to. */
  flush(): void {
    const sites = this.#sites;
    sites.notePeak();
    const isPeak = sites.peakTotal > this.#saidPeak;
    this.#saidPeak = sites.peakTotal;
    const changed = sites.takeChanged();
    // A reader finds the peak where bytes are given back after it: first what led there, then what followed.
    if (isPeak) {
      const toPeak = changed.map((site) => {
        const said = this.#saidOf(site).figures;
        const live = sites.figure(site, siteRow.peak) - said.live;
        said.live = sites.figure(site, siteRow.peak);
        return { site, change: { ...nothing, live }, records: 0 };
      });
      this.#say(toPeak, sites.peakNs);
    }
    const toEnd = changed.map((site) => {
      const now = { figures: sites.figures(site), records: sites.figure(site, siteRow.records) };
      const { figures, records } = this.#saidOf(site);
      const change = { ...nothing };
      for (const name of figureNames) change[name] = now.figures[name] - figures[name];
      this.#said[site] = now;
      return { site, change, records: now.records - records };
    });
    this.#say(toEnd, this.#lastNs);
    if (this.#highest) this.put(this.#highest);
    if (this.#last && this.#last !== this.#highest) this.put(this.#last);
    this.#highest = undefined;
    this.#last = undefined;
  }

  /** All stretches are over: names the blocks that are there. */
  finish(): void {
    this.flush();
    this.#records.eachBlock((allocation, { site, bytes, variance, reserved }) => {
      const place = this.#places[this.#sites.cell[site]!]!;
      const block: BlockRecord = { kind: 'block', allocation, ...place, bytes, variance };
      this.put(reserved ? { ...block, reserved: { ...reserved } } : block);
    });
  }

  /** Says how sites changed; those that give back first, so that in between nothing is held that never was. */
  #say(all: { site: number; change: MemoryFigures; records: number }[], timeNs: number): void {
    const told = all.filter(({ change }) => figureNames.some((name) => change[name] !== 0));
    for (const isLess of [true, false]) {
      for (const { site, change, records } of told) {
        if (change.live < 0 !== isLess) continue;
        const firstNs = records > 0 ? this.#sites.figure(site, siteRow.firstNs) : 0;
        const lastNs = records > 0 ? this.#sites.figure(site, siteRow.lastNs) : 0;
        const place = this.#places[this.#sites.cell[site]!]!;
        this.put({ kind: 'memorySum', timeNs, ...place, records, firstNs, lastNs, change });
      }
    }
  }

  #saidOf(site: number): { figures: MemoryFigures; records: number } {
    return (this.#said[site] ??= { figures: { ...nothing }, records: 0 });
  }

  #cell({ stack, native, opcode }: Place): number {
    const key = `${stack} ${native} ${opcode}`;
    let cell = this.#cellOf.get(key);
    if (cell === undefined) {
      cell = this.#places.push({ stack, native, opcode }) - 1;
      this.#cellOf.set(key, cell);
    }
    return cell;
  }
}
