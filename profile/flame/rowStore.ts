/**
 * The rows of a run's tracks in bounded room. Ended tracks share a few arrays, since an array for each would take
 * more room than its rows. If there are very many rows, the oldest are merged (coarseRows.ts).
 */
import { coarseRows } from './coarseRows';
import { partOfRows, type Rows } from './rows';

/** The rows of one track that has ended. */
export interface KeptRows {
  rows: Rows;
  from: number;
  count: number;
  /**
   * How many rows fewer than there were, after merging, and the length of the stretches within which their order is
   * lost, ns; 0: not merged.
   */
  merged: number;
  coarseNs: number;
}

/** A block of rows that was allocated at once, and the tracks in it. */
interface Chunk {
  rows: Rows;
  used: number;
  kept: KeptRows[];
}

const chunkRows = 1 << 14;
/** When a track is merged, about this many of its rows become one; and the fewest rows that it keeps. */
const fewer = 8;
const leastRows = 16;

/** Keeps the rows of tracks that have ended, and says how many a growing track may have. */
export class RowStore {
  /** Tracks with all their rows, the oldest first, and tracks that were merged. */
  readonly #exact: Chunk[] = [];
  readonly #coarse: Chunk[] = [];
  #exactRows = 0;
  /** How many tracks still grow. */
  #growing = 0;

  /** mostRows: how many rows are not merged, of tracks that have ended, and as many again of growing tracks. */
  constructor(private readonly mostRows: number) {}

  /** A track begins to grow. */
  begin(): void {
    this.#growing++;
  }

  /** How many rows a growing track may have. */
  get mostOfOne(): number {
    return this.mostRows / this.#growing;
  }

  /**
   * Keeps a copy of the first `count` rows of a track that has ended. cellNow: by cell, its id among those of all
   * ended processes.
   */
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

/** Appends the first rows of a track to those of other tracks. */
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
