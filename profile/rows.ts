/** Rows of the flame chart's tracks, as columns. */

/** What a thread did (a cell) from a moment on, for how long, and the CPU time of that, in order of time. */
export interface Rows {
  cell: Uint32Array;
  start: Float64Array;
  wall: Float64Array;
  cpu: Float64Array;
}

/** Rows [from, until), without a copy. */
export function partOfRows({ cell, start, wall, cpu }: Rows, from: number, until: number): Rows {
  return {
    cell: cell.subarray(from, until),
    start: start.subarray(from, until),
    wall: wall.subarray(from, until),
    cpu: cpu.subarray(from, until),
  };
}

/** The first of rows [0, count) that starts at a moment or later; count: none. */
export function firstStartingAt({ start }: Rows, count: number, ns: number): number {
  let low = 0;
  for (let high = count; low < high;) {
    const middle = (low + high) >> 1;
    if (start[middle]! < ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
