/** Rows of tracks to which nothing is added any more, many tracks in few arrays: a track's own would take more room than its rows. */

/** Rows as columns: what a thread did (a cell) from a moment on, for how long, and the CPU time of that. */
export interface Rows {
  cell: Uint32Array;
  start: Float64Array;
  wall: Float64Array;
  cpu: Float64Array;
}

/** Where the rows of one track are. */
export interface KeptRows {
  rows: Rows;
  from: number;
}

/** Rows that are allocated at once. */
const chunkRows = 1 << 14;

export class RowStore {
  #chunk = emptyRows(0);
  #used = 0;

  /** Keeps a copy of the first `count` rows. cellNow: what each of their cells is called from now on. */
  keep(rows: Rows, count: number, cellNow: Uint32Array): KeptRows {
    if (this.#used + count > this.#chunk.cell.length) {
      this.#chunk = emptyRows(Math.max(count, chunkRows));
      this.#used = 0;
    }
    const kept = { rows: this.#chunk, from: this.#used };
    this.#used += count;
    for (let row = 0; row < count; row++) {
      this.#chunk.cell[kept.from + row] = cellNow[rows.cell[row]!]!;
    }
    this.#chunk.start.set(rows.start.subarray(0, count), kept.from);
    this.#chunk.wall.set(rows.wall.subarray(0, count), kept.from);
    this.#chunk.cpu.set(rows.cpu.subarray(0, count), kept.from);
    return kept;
  }
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

function emptyRows(length: number): Rows {
  return {
    cell: new Uint32Array(length),
    start: new Float64Array(length),
    wall: new Float64Array(length),
    cpu: new Float64Array(length),
  };
}
