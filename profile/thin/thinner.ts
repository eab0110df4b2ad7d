/**
 * Thins the records of one recording: definitions, notes and the like stay; samples and memory records become sums over
 * stretches of time. What lines, functions, threads and processes cost does not change.
 */
import type {
  RecordingHeader,
  StatsRecord,
  StreamRecord,
  ThinnedRecord,
} from '../../recording/records';
import { WorkDecider } from './helpers';
import { MemoryMerger } from './memory';
import { TimeMerger } from './time';

/** The shortest stretch, ns: 5 ms doubled eight times, so that slices of the footprint and of sites fit into stretches. */
export const shortestStretchNs = 1.28e9;

/** The end of the thinned part, except for what only the decoder knows. */
export type ThinnedEnd = Omit<ThinnedRecord, 'kind' | 'batch' | 'lastSampleNs' | 'lastMemoryNs'>;

/** Takes the records of one recording in order, and calls back with fewer records of the same sums. */
export class Thinner {
  readonly #time: TimeMerger;
  readonly #memory: MemoryMerger;
  readonly #work: WorkDecider;
  #stats: StatsRecord | undefined;
  /** The stretches that are being added up now, counted from 0; and the latest moment so far. */
  #timeStretch = 0;
  #memoryStretch = 0;
  #latestNs = 0;
  /** The longest stretch of the records that were thinned earlier. */
  #before = 0;

  /**
   * put: writes a record. keep: writes the record that take() was given as it was. stretchNs: a multiple of the
   * shortest.
   */
  constructor(
    header: RecordingHeader,
    private readonly stretchNs: number,
    private readonly put: (record: StreamRecord) => void,
    private readonly keep: (record: StreamRecord) => void,
  ) {
    this.#time = new TimeMerger(put);
    this.#memory = new MemoryMerger(put);
    this.#work = new WorkDecider(header, put);
  }

  take(record: StreamRecord): void {
    switch (record.kind) {
      case 'sample': {
        this.#timeAt(record.timeNs);
        const isAsked = this.#work.take(record, this.#latestNs);
        const charged = this.#time.charged(record);
        this.#time.add(isAsked ? { ...charged, settled: true } : charged);
        return;
      }
      case 'queue':
        this.#timeAt(record.timeNs);
        this.#work.take(record, this.#latestNs);
        this.#time.add(record);
        return;
      case 'allocation':
      case 'copy':
      case 'free':
      case 'touched':
      case 'footprint':
      case 'memorySum':
        this.#noteTime(record.timeNs);
        this.#memoryAt(record.timeNs);
        this.#memory.add(record);
        return;
      case 'block':
        this.#memory.add(record);
        return;
      case 'stats':
        this.#noteTime(record.timeNs);
        this.#stats = record;
        return;
      case 'thinned':
        this.#work.take(record, this.#latestNs);
        this.#before = Math.max(this.#before, record.stretchNs);
        this.#time.setUncharged(record.uncharged);
        this.#memory.goOnFrom(record.allocations);
        return;
      case 'helped':
      case 'gpuPlace':
        this.#work.take(record, this.#latestNs);
        return;
      case 'gpuUse':
        this.#work.take(record, this.#latestNs);
        // The places that kept the GPU busy are in records of their own.
        this.put({ ...record, settled: true });
        return;
      default:
        this.#work.take(record, this.#latestNs);
        this.keep(record);
    }
  }

  /** All records have been taken: writes the rest. */
  finish(): ThinnedEnd {
    this.#time.flush();
    this.#work.finish();
    this.#memory.finish();
    if (this.#stats) this.put(this.#stats);
    return {
      untilNs: this.#latestNs,
      stretchNs: Math.max(this.stretchNs, this.#before),
      allocations: this.#memory.allocations,
      uncharged: this.#time.uncharged,
    };
  }

  #timeAt(timeNs: number): void {
    this.#noteTime(timeNs);
    const stretch = Math.floor(timeNs / this.stretchNs);
    if (stretch <= this.#timeStretch) return;
    this.#time.flush();
    this.#work.flush();
    this.#timeStretch = stretch;
  }

  #memoryAt(timeNs: number): void {
    const stretch = Math.floor(timeNs / this.stretchNs);
    if (stretch <= this.#memoryStretch) return;
    this.#memory.flush();
    this.#memoryStretch = stretch;
  }

  #noteTime(ns: number): void {
    this.#latestNs = Math.max(this.#latestNs, ns);
  }
}
