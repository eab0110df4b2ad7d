/** Time cut into slices of equal width, up to a fixed number: a longer run has wider slices. */

/** Slice 0 starts at 0 ns. */
export class TimeAxis {
  /** How many slices time has reached. */
  count = 0;

  /** join: called before the width doubles, to make one slice of each pair. */
  constructor(
    readonly most: number,
    public widthNs: number,
    private readonly join: () => void,
  ) {}

  /** The slice of a moment; time has reached it from then on. */
  sliceOf(ns: number): number {
    let slice = Math.max(0, Math.floor(ns / this.widthNs));
    while (slice >= this.most) {
      this.join();
      this.widthNs *= 2;
      this.count = Math.ceil(this.count / 2);
      slice = Math.floor(ns / this.widthNs);
    }
    if (slice >= this.count) {
      this.count = slice + 1;
    }
    return slice;
  }
}
