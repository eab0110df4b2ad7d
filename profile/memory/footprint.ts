/** The memory of a process over time, in bounded room. */
import { withRoom } from '../../recording/arrays';
import { packPoints, type PackedPoints } from './packedPoints';
import { TimeAxis } from '../feed/timeAxis';
import type { FootprintPoint } from './types';

const mostSlices = 256;
const firstSliceNs = 5e6;

/** What is known about a slice is a row of numbers, in this order. */
const row = {
  /** The highest values, and the last ones. */
  resident: 0,
  live: 1,
  lastResident: 2,
  lastLive: 3,
  /** 1: it has values of its own. */
  isHeard: 4,
} as const;
const rowLength = 5;

/** The highest values of each slice of time, so that no peak is lost however long the run, and the last values. */
export class Footprint {
  #rows = new Float64Array(0);
  /** The values of the last record of each kind. */
  #resident = 0;
  #live = 0;
  readonly #axis = new TimeAxis(mostSlices, firstSliceNs, () => this.#join());

  /** Takes note of the resident size, bytes. */
  resident(ns: number, bytes: number): void {
    this.#resident = bytes;
    this.#put(ns);
  }

  /** Takes note of the live bytes. */
  live(ns: number, bytes: number): void {
    this.#live = bytes;
    this.#put(ns);
  }

  /** The highest resident size so far, bytes. */
  get peakResident(): number {
    let peak = 0;
    for (let slice = 0; slice < this.#axis.count; slice++) {
      peak = Math.max(peak, this.#get(slice, row.resident));
    }
    return peak;
  }

  /**
   * The footprint in order of time: the highest values of each slice that has values, and before a slice without any
   * the last ones. At most 512 points.
   */
  points(): PackedPoints {
    const points: FootprintPoint[] = [];
    const { count, widthNs } = this.#axis;
    // The resident size is recorded now and then; before the first time it is taken to be the same.
    let first: number | null = null;
    for (let slice = 0; slice < count && first === null; slice++) {
      first = this.#get(slice, row.resident) || null;
    }
    for (let slice = 0; slice < count; slice++) {
      if (this.#get(slice, row.isHeard) === 0) continue;
      const ns = (slice + 0.5) * widthNs;
      const residentBytes = this.#get(slice, row.resident) || first;
      points.push({ ns, residentBytes, liveBytes: this.#get(slice, row.live) });
      if (this.#get(slice + 1, row.isHeard) === 0) {
        points.push({
          ns: (slice + 1) * widthNs,
          residentBytes: this.#get(slice, row.lastResident) || first,
          liveBytes: this.#get(slice, row.lastLive),
        });
      }
    }
    return packPoints(points);
  }

  /** 0 for a slice that time has not reached. */
  #get(slice: number, column: number): number {
    return this.#rows[slice * rowLength + column] ?? 0;
  }

  #put(ns: number): void {
    const at = this.#axis.sliceOf(ns) * rowLength;
    const rows = (this.#rows = withRoom(this.#rows, at + rowLength));
    rows[at + row.resident] = Math.max(rows[at + row.resident]!, this.#resident);
    rows[at + row.live] = Math.max(rows[at + row.live]!, this.#live);
    rows[at + row.lastResident] = this.#resident;
    rows[at + row.lastLive] = this.#live;
    rows[at + row.isHeard] = 1;
  }

  /** Makes one slice of each pair. */
  #join(): void {
    const joined = new Float64Array((mostSlices / 2) * rowLength);
    for (let slice = 0; slice < mostSlices / 2; slice++) {
      const [earlier, later] = [2 * slice, 2 * slice + 1];
      const last = this.#get(later, row.isHeard) === 1 ? later : earlier;
      const highest = (column: number): number =>
        Math.max(this.#get(earlier, column), this.#get(later, column));
      joined.set(
        [
          highest(row.resident),
          highest(row.live),
          this.#get(last, row.lastResident),
          this.#get(last, row.lastLive),
          highest(row.isHeard),
        ],
        slice * rowLength,
      );
    }
    this.#rows = joined;
  }
}
