/** How busy GPUs were over time, and how much of their memory was used, in bounded room. */
import { TimeAxis } from './timeAxis';
import type { GpuPoint } from '../types';

const mostSlices = 256;
const firstSliceNs = 50e6;

/** For each slice of time: busy time added up, and memory at its highest. NaN: unknown. */
export class GpuTimeline {
  readonly #busy = new Float64Array(mostSlices).fill(NaN);
  readonly #bytes = new Float64Array(mostSlices).fill(NaN);
  readonly #axis = new TimeAxis(mostSlices, firstSliceNs, () => this.#join());

  /** Adds busy time, ns, spread evenly over a stretch, since the driver does not say when in it the GPU was busy. */
  busy(startNs: number, endNs: number, busyNs: number): void {
    const last = this.#axis.sliceOf(endNs);
    const { widthNs } = this.#axis;
    for (let slice = this.#axis.sliceOf(startNs); slice <= last; slice++) {
      const from = Math.max(startNs, slice * widthNs);
      const until = Math.min(endNs, (slice + 1) * widthNs);
      const part = endNs > startNs ? Math.max(0, until - from) / (endNs - startNs) : 0;
      this.#busy[slice] = (this.#busy[slice]! || 0) + part * busyNs;
    }
  }

  /** Takes note of the bytes in use, of all GPUs together. */
  bytes(ns: number, bytes: number): void {
    const slice = this.#axis.sliceOf(ns);
    this.#bytes[slice] = higher(this.#bytes[slice]!, bytes);
  }

  /** The slices of which something is known. */
  points(): GpuPoint[] {
    const points: GpuPoint[] = [];
    for (let slice = 0; slice < this.#axis.count; slice++) {
      const busy = this.#busy[slice]!;
      const bytes = this.#bytes[slice]!;
      if (!Number.isNaN(busy) || !Number.isNaN(bytes)) {
        const { widthNs } = this.#axis;
        points.push({
          ns: (slice + 0.5) * widthNs,
          busy: Number.isNaN(busy) ? null : busy / widthNs,
          bytes: Number.isNaN(bytes) ? null : bytes,
        });
      }
    }
    return points;
  }

  #join(): void {
    for (let slice = 0; slice < mostSlices / 2; slice++) {
      const [first, second] = [2 * slice, 2 * slice + 1];
      const [a, b] = [this.#busy[first]!, this.#busy[second]!];
      this.#busy[slice] = Number.isNaN(a) ? b : a + (b || 0);
      this.#bytes[slice] = higher(this.#bytes[first]!, this.#bytes[second]!);
    }
    this.#busy.fill(NaN, mostSlices / 2);
    this.#bytes.fill(NaN, mostSlices / 2);
  }
}

/** The higher value; NaN is unknown. */
function higher(a: number, b: number): number {
  return Number.isNaN(a) || b > a ? b : a;
}
