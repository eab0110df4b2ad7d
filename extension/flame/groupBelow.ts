import * as vscode from 'vscode';

/** A part of the editor area, as vscode.getEditorLayout says: groups lie side by side (0) or one below the other (1). */
export interface EditorLayout {
  orientation: 0 | 1;
  groups: LayoutPart[];
}

export interface LayoutPart {
  /** Pixels along the direction in which the neighbours of this part lie. */
  size?: number;
  /** Parts of this part; they lie across the direction in which its neighbours lie. */
  groups?: LayoutPart[];
}

/** Pixels, tabs included: a lower chart shows hardly any rows, a lower editor hardly any lines. */
const leastChart = 300;
const leastEditor = 250;

/**
 * Makes an empty group below the active one and goes there; false when the two have no room below each other, e.g. over an
 * open terminal in a small window. VS Code has no call that opens a webview below an editor, so the chart gets a group of its own.
 */
export async function makeGroupBelow(): Promise<boolean> {
  const { executeCommand } = vscode.commands;
  await executeCommand('workbench.action.newGroupBelow');
  const layout = await executeCommand<EditorLayout>('vscode.getEditorLayout');
  const grown = growLowerGroup(layout, vscode.window.tabGroups.activeTabGroup.viewColumn - 1);
  if (grown === 'fits') return true;
  if (grown === 'no room') {
    await executeCommand('workbench.action.closeGroup');
    return false;
  }
  await executeCommand('vscode.setEditorLayout', grown);
  return true;
}

/** The layout with a group (0 = the first from the top left) high enough for a chart, at the cost of the one above. */
export function growLowerGroup(
  layout: EditorLayout,
  at: number,
): EditorLayout | 'fits' | 'no room' {
  const changed = structuredClone(layout);
  const pair = findPair(changed.groups, changed.orientation, { groupsBefore: at });
  const [upper, lower] = [pair?.upper.size, pair?.lower.size];
  // A layout without heights stays as it is.
  if (!pair || upper === undefined || lower === undefined) return 'fits';
  const both = upper + lower;
  if (both < leastChart + leastEditor) return 'no room';
  if (lower >= leastChart) return 'fits';
  pair.lower.size = leastChart;
  pair.upper.size = both - leastChart;
  return changed;
}

/** A group and the one above it; null where none is above it. */
function findPair(
  parts: LayoutPart[],
  orientation: 0 | 1,
  seek: { groupsBefore: number },
): { upper: LayoutPart; lower: LayoutPart } | null {
  for (const [i, part] of parts.entries()) {
    if (part.groups) {
      const found = findPair(part.groups, orientation === 1 ? 0 : 1, seek);
      if (found) return found;
    } else if (seek.groupsBefore-- === 0) {
      return orientation === 1 && i > 0 ? { upper: parts[i - 1]!, lower: part } : null;
    }
  }
  return null;
}
