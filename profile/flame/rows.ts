/** Rows of the flame chart's tracks, as columns. */

/**
 * What a thread did (a cell), from when on, for how long, and with how much CPU time; in order of time. All times are
 * ns, `start` since the beginning of the thread's recording.
 */
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
