/** Rows of numbers that are mostly 0, kept small. */

/** Made from `count` rows of `width` numbers each, at most 256; they do not change afterwards. */
export class SparseRows {
  /** Where each row begins in the other two; one more at the end. */
  readonly #start: Uint32Array;
  readonly #at: Uint8Array;
  readonly #value: Float64Array;

  constructor(
    rows: Float64Array,
    count: number,
    private readonly width: number,
  ) {
    const filled = rows.subarray(0, count * width).reduce((sum, value) => sum + +(value !== 0), 0);
    this.#start = new Uint32Array(count + 1);
    this.#at = new Uint8Array(filled);
    this.#value = new Float64Array(filled);
    let next = 0;
    for (let row = 0; row < count; row++) {
      for (let at = 0; at < width; at++) {
        const value = rows[row * width + at]!;
        if (value === 0) continue;
        this.#at[next] = at;
        this.#value[next++] = value;
      }
      this.#start[row + 1] = next;
    }
  }

  /** A copy of a row. */
  row(row: number): Float64Array {
    const full = new Float64Array(this.width);
    this.each(row, (at, value) => (full[at] = value));
    return full;
  }

  /** Tells of the numbers of a row that are not 0. */
  each(row: number, tell: (at: number, value: number) => void): void {
    for (let at = this.#start[row]!; at < this.#start[row + 1]!; at++) {
      tell(this.#at[at]!, this.#value[at]!);
    }
  }
}
