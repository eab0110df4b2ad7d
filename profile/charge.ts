/** Adds what cells cost to the lines and functions of their stacks. */
import type { Cells } from './cells';
import { addRow, costRow, costRowLength } from './cost';
import type { LineCosts } from './lineCosts';
import type { StackTree } from './stackTree';

/**
 * Adds the fresh cost of a cell. helpers: threads without Python code that worked for it. Returns false when the code of
 * a frame is not known, which is left out.
 */
export function chargeCell(
  lines: LineCosts,
  stacks: StackTree,
  { fresh, leaf, stack }: Cells,
  cell: number,
  helpers?: ReadonlySet<number>,
): boolean {
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
      if (leaf[cell] && native > 0) {
        lines.addNative(frame.line, leaf[cell].reported, native);
      }
    }
  }
  return isKnown;
}
