/** Adds what cells cost to the lines and functions of their stacks. */
import type { Cells } from './cells';
import { addRow, costRow, costRowLength } from '../cost';
import type { LineCosts } from './lineCosts';
import type { WalkedStacks } from '../view/stacks';

/**
 * Adds the fresh cost of a cell. helpers: the threads without Python code that worked for it. Returns false if the
 * code of a frame is unknown; that frame is left out.
 */
export function chargeCell(
  lines: LineCosts,
  stacks: Pick<WalkedStacks, 'visible' | 'parentOf' | 'frame'>,
  cells: Pick<Cells, 'fresh' | 'leaf' | 'stack'>,
  cell: number,
  helpers?: ReadonlySet<number>,
): boolean {
  const { fresh, stack } = cells;
  const row = cell * costRowLength;
  const native = fresh[row + costRow.native]!;
  const innermost = stacks.visible(stack[cell]!);
  let isKnown = true;
  lines.nextStack();
  for (let at = innermost; at !== 0; at = stacks.parentOf(at)) {
    const frame = stacks.frame(at);
    if (!frame) {
      isKnown = false;
      continue;
    }
    lines.addTotal(frame.line, frame.function, fresh, row);
    if (helpers) {
      lines.addHelpers(frame.line, frame.function, helpers);
    }
    if (at === innermost) {
      addRow(frame.line.self, 0, fresh, row);
      addRow(frame.function.self, 0, fresh, row);
      const leaf = native > 0 ? cells.leaf(cell) : undefined;
      if (leaf) {
        lines.addNative(frame.line, leaf.reported, native);
      }
    }
  }
  return isKnown;
}
