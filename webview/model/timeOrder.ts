/** Time order: one stack per pixel column, and its ancestors down the visible rows. */
import type { FlameStore } from './store';

/**
 * Fill `cells` (row-major, `rows` × `width`) with the stack seen at each row of each column, −1 where there is
 * none. Row r is depth `firstRow + r`; `columns` holds each column's innermost stack, −1 = gap.
 */
export function layoutTimeOrder(
  store: FlameStore,
  columns: Int32Array,
  width: number,
  firstRow: number,
  rows: number,
  cells: Int32Array,
): void {
  const { stackDepth, stackParent } = store;
  const lastRow = firstRow + rows - 1;
  for (let x = 0; x < width; x++) {
    let stack = columns[x]!;
    if (x > 0 && stack === columns[x - 1]) {
      for (let at = x; at < rows * width; at += width) cells[at] = cells[at - 1]!;
      continue;
    }
    if (stack >= 0 && stackDepth[stack]! > lastRow) stack = store.ancestor(stack, lastRow);
    const depth = stack < 0 ? -1 : stackDepth[stack]!;
    for (let row = lastRow; row > depth && row >= firstRow; row--) {
      cells[(row - firstRow) * width + x] = -1;
    }
    for (let row = depth; row >= firstRow; row--) {
      cells[(row - firstRow) * width + x] = stack;
      stack = stackParent[stack]!;
    }
  }
}

/**
 * For every stack, whether it is, or runs on top of, a frame that `marked` (one byte per frame) names.
 * Parents come before children, so one pass suffices.
 */
export function stacksUnder(store: FlameStore, marked: Uint8Array): Uint8Array {
  const under = new Uint8Array(store.stackCount);
  for (let stack = 0; stack < under.length; stack++) {
    const parent = store.stackParent[stack]!;
    under[stack] =
      marked[store.stackFrame[stack]!] === 1 || (parent >= 0 && under[parent] === 1) ? 1 : 0;
  }
  return under;
}

/** For every stack, whether it is, or runs on top of, this node of the call tree. */
export function stacksUnderNode(store: FlameStore, node: number): Uint8Array {
  const under = new Uint8Array(store.stackCount);
  for (let stack = 0; stack < under.length; stack++) {
    const parent = store.stackParent[stack]!;
    under[stack] = store.stackNode[stack] === node || (parent >= 0 && under[parent] === 1) ? 1 : 0;
  }
  return under;
}
