/**
 * The memory of several processes together over time: means over slices, since peaks at different moments do not add
 * up.
 */
import { unpackPoints, type PackedPoints } from '../memory/packedPoints';
import { TimeAxis } from '../feed/timeAxis';

const mostSlices = 256;
const firstSliceNs = 5e6;

/** At most mostSlices slices of equal width; all times are ns since the first of these processes started. */
export class MeanFootprint {
  /** Bytes × ns of each slice. */
  readonly #resident = new Float64Array(mostSlices);
  readonly #live = new Float64Array(mostSlices);
  readonly #axis = new TimeAxis(mostSlices, firstSliceNs, () => {
    joinPairs(this.#resident);
    joinPairs(this.#live);
  });

  /** Adds a process, by its start and how long it lived. */
  add(footprint: PackedPoints, startNs: number, livedNs: number): void {
    const points = unpackPoints(footprint);
    points.forEach(({ ns, residentBytes, liveBytes }, at) => {
      const untilNs = points[at + 1]?.ns ?? livedNs;
      this.#addSpan(startNs + ns, startNs + untilNs, residentBytes ?? 0, liveBytes);
    });
  }

  /** The mean of each slice, at the slice's beginning. */
  points(): { time: Float64Array; resident: Float64Array; live: Float64Array } {
    const { count, widthNs } = this.#axis;
    return {
      time: Float64Array.from({ length: count }, (_, slice) => slice * widthNs),
      resident: this.#resident.slice(0, count).map((area) => area / widthNs),
      live: this.#live.slice(0, count).map((area) => area / widthNs),
    };
  }

  get endNs(): number {
    return this.#axis.count * this.#axis.widthNs;
  }

  #addSpan(fromNs: number, untilNs: number, resident: number, live: number): void {
    if (untilNs <= fromNs) return;
    // The last moment is reached first, since it may make slices wider.
    const last = this.#axis.sliceOf(untilNs);
    const { widthNs } = this.#axis;
    for (let slice = this.#axis.sliceOf(fromNs); slice <= last; slice++) {
      const within = Math.min(untilNs, (slice + 1) * widthNs) - Math.max(fromNs, slice * widthNs);
      this.#resident[slice]! += resident * Math.max(0, within);
      this.#live[slice]! += live * Math.max(0, within);
    }
  }
}

function joinPairs(areas: Float64Array): void {
  const half = areas.length / 2;
  for (let slice = 0; slice < half; slice++) {
    areas[slice] = areas[2 * slice]! + areas[2 * slice + 1]!;
  }
  areas.fill(0, half);
}
