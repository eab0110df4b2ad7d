/**
 * Rows of long ago with less detail: within a stretch of time what shows the same is one row. How long each thing took stays
 * exact, and what follows what is known from one stretch to the next.
 */
import { partOfRows, type Rows } from './rows';

/** The shortest stretch, ns, and by how much the next longer one is longer. */
const shortestNs = 1e9;
const longer = 4;

/**
 * The first `count` rows with less detail, and how long the stretches are, ns. Stretches grow until there are at most `most`
 * rows, or until one of them covers all of the time.
 */
export function coarseRows(
  rows: Rows,
  count: number,
  most: number,
): { rows: Rows; widthNs: number } {
  const spanNs = count === 0 ? 0 : rows.start[count - 1]! - rows.start[0]!;
  for (let widthNs = shortestNs; ; widthNs *= longer) {
    const merged = mergedRows(rows, count, widthNs);
    if (merged.cell.length <= most || widthNs > spanNs) return { rows: merged, widthNs };
  }
}

/** Makes one row of those that show the same and begin in the same stretch; they follow one another from its first row on. */
function mergedRows(rows: Rows, count: number, widthNs: number): Rows {
  const cell = new Uint32Array(count);
  const start = new Float64Array(count);
  const wall = new Float64Array(count);
  const cpu = new Float64Array(count);
  const rowOf = new Map<number, number>();
  let merged = 0;
  let first = 0;
  let until = -Infinity;
  const place = (): void => {
    for (let row = first + 1; row < merged; row++) start[row] = start[row - 1]! + wall[row - 1]!;
  };
  for (let row = 0; row < count; row++) {
    if (rows.start[row]! >= until) {
      place();
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
  place();
  const {
    cell: cells,
    start: starts,
    wall: walls,
    cpu: cpus,
  } = partOfRows({ cell, start, wall, cpu }, 0, merged);
  return { cell: cells.slice(), start: starts.slice(), wall: walls.slice(), cpu: cpus.slice() };
}
