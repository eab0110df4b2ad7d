/** How much memory a process had over time, in bounded room. */
import { TimeAxis } from './timeAxis';
import { packPoints, type PackedPoints } from './packedPoints';
import type { FootprintPoint } from './types';

const mostSlices = 256;
const firstSliceNs = 5e6;

/** Of each slice of time the highest values, so that no peak is lost however long the run, and the last ones. */
export class Footprint {
  readonly #resident = new Extremes();
  readonly #live = new Extremes();
  /** 1: something was heard of in this slice. */
  readonly #heard = new Uint8Array(mostSlices);
  readonly #axis = new TimeAxis(mostSlices, firstSliceNs, () => this.#join());

  /** The process has so many bytes in memory. */
  resident(ns: number, bytes: number): void {
    this.#resident.now = bytes;
    this.#put(ns);
  }

  /** So many bytes are allocated and not freed. */
  live(ns: number, bytes: number): void {
    this.#live.now = bytes;
    this.#put(ns);
  }

  /** The highest resident size heard of, bytes. */
  get peakResident(): number {
    return this.#resident.highest.reduce((most, bytes) => Math.max(most, bytes), 0);
  }

  /**
   * What is known, in order of time: the highest values of each slice that something is known of, and before a slice
   * without news the last ones. At most 512 points.
   */
  points(): PackedPoints {
    const points: FootprintPoint[] = [];
    // The resident size is looked at now and then; before the first look it is what that found.
    const first = this.#resident.highest.find((bytes) => bytes > 0) ?? null;
    const put = (ns: number, resident: number, liveBytes: number): void => {
      points.push({ ns, residentBytes: resident || first, liveBytes });
    };
    for (let slice = 0; slice < this.#axis.count; slice++) {
      if (this.#heard[slice] === 1) {
        const { widthNs } = this.#axis;
        put((slice + 0.5) * widthNs, this.#resident.highest[slice]!, this.#live.highest[slice]!);
        if (this.#heard[slice + 1] !== 1) {
          put((slice + 1) * widthNs, this.#resident.last[slice]!, this.#live.last[slice]!);
        }
      }
    }
    return packPoints(points);
  }

  #put(ns: number): void {
    const slice = this.#axis.sliceOf(ns);
    this.#heard[slice] = 1;
    this.#resident.put(slice);
    this.#live.put(slice);
  }

  #join(): void {
    this.#resident.join(this.#heard);
    this.#live.join(this.#heard);
    for (let slice = 0; slice < mostSlices / 2; slice++) {
      this.#heard[slice] = this.#heard[2 * slice]! | this.#heard[2 * slice + 1]!;
    }
    this.#heard.fill(0, mostSlices / 2);
  }
}

/** The highest and the last value of each slice. */
class Extremes {
  readonly highest = new Float64Array(mostSlices);
  readonly last = new Float64Array(mostSlices);
  now = 0;

  put(slice: number): void {
    this.highest[slice] = Math.max(this.highest[slice]!, this.now);
    this.last[slice] = this.now;
  }

  /** Makes one slice of each pair. */
  join(heard: Uint8Array): void {
    const half = mostSlices / 2;
    for (let slice = 0; slice < half; slice++) {
      const later = 2 * slice + 1;
      this.last[slice] = this.last[heard[later] === 1 ? later : later - 1]!;
      this.highest[slice] = Math.max(this.highest[later - 1]!, this.highest[later]!);
    }
    this.highest.fill(0, half);
    this.last.fill(0, half);
  }
}
