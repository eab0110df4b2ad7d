/**
 * Merges old rows: within a stretch of time, rows that show the same become one. How long each thing took stays
 * exact, and so does the order of the stretches.
 */
import { partOfRows, type Rows } from './rows';

/** The shortest stretch, ns, and by how much the next longer one is longer. */
const shortestNs = 1e9;
const growth = 4;

/**
 * The first `count` rows merged, and the length of the stretches, ns. Stretches grow until at most `most` rows
 * remain, or until one stretch covers all of the time.
 */
export function coarseRows(
  rows: Rows,
  count: number,
  most: number,
): { rows: Rows; widthNs: number } {
  const spanNs = count === 0 ? 0 : rows.start[count - 1]! - rows.start[0]!;
  for (let widthNs = shortestNs; ; widthNs *= growth) {
    const merged = mergedRows(rows, count, widthNs);
    if (merged.cell.length <= most || widthNs > spanNs) return { rows: merged, widthNs };
  }
}

/** Merges rows of a stretch that show the same. The merged rows of a stretch are laid end to end, from its first row on. */
function mergedRows(rows: Rows, count: number, widthNs: number): Rows {
  const cell = new Uint32Array(count);
  const start = new Float64Array(count);
  const wall = new Float64Array(count);
  const cpu = new Float64Array(count);
  const rowOf = new Map<number, number>();
  let merged = 0;
  let first = 0;
  let until = -Infinity;
  const layEndToEnd = (): void => {
    for (let row = first + 1; row < merged; row++) start[row] = start[row - 1]! + wall[row - 1]!;
  };
  for (let row = 0; row < count; row++) {
    if (rows.start[row]! >= until) {
      layEndToEnd();
      rowOf.clear();
      first = merged;
      until = (Math.floor(rows.start[row]! / widthNs) + 1) * widthNs;
    }
    let to = rowOf.get(rows.cell[row]!);
    if (to === undefined) {
      to = merged++;
      rowOf.set(rows.cell[row]!, to);
      cell[to] = rows.cell[row]!;
      start[to] = rows.start[row]!;
    }
    wall[to]! += rows.wall[row]!;
    cpu[to]! += rows.cpu[row]!;
  }
  layEndToEnd();
  const {
    cell: cells,
    start: starts,
    wall: walls,
    cpu: cpus,
  } = partOfRows({ cell, start, wall, cpu }, 0, merged);
  return { cell: cells.slice(), start: starts.slice(), wall: walls.slice(), cpu: cpus.slice() };
}
