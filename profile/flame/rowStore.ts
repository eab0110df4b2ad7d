/**
 * The rows of a run's tracks in bounded room. Those of tracks to which nothing is added any more are kept many tracks in few arrays:
 * a track's own would take more room than its rows. Where there are very many, the oldest lose detail (coarseRows.ts).
 */
import { coarseRows } from './coarseRows';
import { partOfRows, type Rows } from './rows';

/** The rows of one track, and what became of them. */
export interface KeptRows {
  rows: Rows;
  from: number;
  count: number;
  /** How many less than there were, and within which stretches of time, ns, their order is not known; 0: as they were. */
  merged: number;
  coarseNs: number;
}

/** Rows that are allocated at once, and those of several tracks in them. */
interface Chunk {
  rows: Rows;
  used: number;
  kept: KeptRows[];
}

const chunkRows = 1 << 14;
/** Of a track that loses detail, so many rows become one, and so many are left in any case. */
const fewer = 8;
const leastRows = 16;

export class RowStore {
  /** With all detail, the oldest first, and without. */
  readonly #exact: Chunk[] = [];
  readonly #coarse: Chunk[] = [];
  #exactRows = 0;
  /** Tracks that still grow. */
  #growing = 0;

  /** mostRows: with all detail, of tracks that have ended and again of those that have not. */
  constructor(private readonly mostRows: number) {}

  /** A track begins to grow. */
  begin(): void {
    this.#growing++;
  }

  /** So many rows one track may have while it grows. */
  get mostOfOne(): number {
    return this.mostRows / this.#growing;
  }

  /** Keeps a copy of the first `count` rows of a track that has ended. cellNow: what each of their cells is called from now on. */
  keep(rows: Rows, count: number, cellNow: Uint32Array): KeptRows {
    const kept = { rows, from: 0, count, merged: 0, coarseNs: 0 };
    append(this.#exact, kept, rows);
    for (let row = kept.from; row < kept.from + count; row++) {
      kept.rows.cell[row] = cellNow[kept.rows.cell[row]!]!;
    }
    this.#growing--;
    this.#exactRows += count;
    while (this.#exactRows > this.mostRows && this.#exact.length > 1) this.#mergeFirst();
    return kept;
  }

  #mergeFirst(): void {
    const chunk = this.#exact.shift()!;
    for (const kept of chunk.kept) {
      const { count, from } = kept;
      this.#exactRows -= count;
      const most = Math.max(leastRows, Math.ceil(count / fewer));
      const { rows, widthNs } = coarseRows(partOfRows(kept.rows, from, from + count), count, most);
      kept.count = rows.cell.length;
      kept.merged += count - kept.count;
      kept.coarseNs = Math.max(kept.coarseNs, widthNs);
      append(this.#coarse, kept, rows);
    }
  }
}

/** Puts the first rows of a track behind those of others. */
function append(chunks: Chunk[], kept: KeptRows, { cell, start, wall, cpu }: Rows): void {
  const { count } = kept;
  let chunk = chunks.at(-1);
  if (!chunk || chunk.used + count > chunk.rows.cell.length) {
    chunk = { rows: emptyRows(Math.max(count, chunkRows)), used: 0, kept: [] };
    chunks.push(chunk);
  }
  chunk.kept.push(kept);
  kept.rows = chunk.rows;
  kept.from = chunk.used;
  chunk.used += count;
  chunk.rows.cell.set(cell.subarray(0, count), kept.from);
  chunk.rows.start.set(start.subarray(0, count), kept.from);
  chunk.rows.wall.set(wall.subarray(0, count), kept.from);
  chunk.rows.cpu.set(cpu.subarray(0, count), kept.from);
}

function emptyRows(length: number): Rows {
  return {
    cell: new Uint32Array(length),
    start: new Float64Array(length),
    wall: new Float64Array(length),
    cpu: new Float64Array(length),
  };
}
