/**
 * Thins memory records: for each stretch of time one record sums up what happened at a place. Sums, and what each
 * place held when the process held most, stay exact; the times within a stretch are lost.
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

/** Thins the memory records of one recording, stretch by stretch: the caller says when one is over. */
export class MemoryMerger {
  readonly #sites = new MemorySites();
  readonly #records = new SiteRecords(this.#sites);
  readonly #cellOf = new Map<string, number>();
  readonly #places: Place[] = [];
  /** By site: the figures that records written so far add up to. */
  readonly #written: { figures: MemoryFigures; records: number }[] = [];
  #writtenPeak = 0;
  /** The last moment in the stretch. */
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

  /** How many blocks have been numbered. */
  get allocations(): number {
    return this.#records.lastBlock;
  }

  /** The stretch is over: writes its sums. */
  flush(): void {
    const sites = this.#sites;
    sites.notePeak();
    const isPeak = sites.peakTotal > this.#writtenPeak;
    this.#writtenPeak = sites.peakTotal;
    const changed = sites.takeChanged();
    // A reader takes the peak down when bytes are freed: what led to the peak is written first, then what followed.
    if (isPeak) {
      const toPeak = changed.map((site) => {
        const written = this.#writtenOf(site).figures;
        const live = sites.figure(site, siteRow.peak) - written.live;
        written.live = sites.figure(site, siteRow.peak);
        return { site, change: { ...nothing, live }, records: 0 };
      });
      this.#write(toPeak, sites.peakNs);
    }
    const toEnd = changed.map((site) => {
      const now = { figures: sites.figures(site), records: sites.figure(site, siteRow.records) };
      const { figures, records } = this.#writtenOf(site);
      const change = { ...nothing };
      for (const name of figureNames) change[name] = now.figures[name] - figures[name];
      this.#written[site] = now;
      return { site, change, records: now.records - records };
    });
    this.#write(toEnd, this.#lastNs);
    if (this.#highest) this.put(this.#highest);
    if (this.#last && this.#last !== this.#highest) this.put(this.#last);
    this.#highest = undefined;
    this.#last = undefined;
  }

  /** All stretches are over: writes the blocks that are still allocated. */
  finish(): void {
    this.flush();
    this.#records.eachBlock((allocation, { site, bytes, variance, reserved }) => {
      const place = this.#places[this.#sites.cell[site]!]!;
      const block: BlockRecord = { kind: 'block', allocation, ...place, bytes, variance };
      this.put(reserved ? { ...block, reserved: { ...reserved } } : block);
    });
  }

  /** Writes how sites changed. Those that freed bytes come first, so that no reader finds a peak that never was. */
  #write(all: { site: number; change: MemoryFigures; records: number }[], timeNs: number): void {
    const changed = all.filter(({ change }) => figureNames.some((name) => change[name] !== 0));
    for (const isLess of [true, false]) {
      for (const { site, change, records } of changed) {
        if (change.live < 0 !== isLess) continue;
        const firstNs = records > 0 ? this.#sites.figure(site, siteRow.firstNs) : 0;
        const lastNs = records > 0 ? this.#sites.figure(site, siteRow.lastNs) : 0;
        const place = this.#places[this.#sites.cell[site]!]!;
        this.put({ kind: 'memorySum', timeNs, ...place, records, firstNs, lastNs, change });
      }
    }
  }

  #writtenOf(site: number): { figures: MemoryFigures; records: number } {
    return (this.#written[site] ??= { figures: { ...nothing }, records: 0 });
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
