import type { LineAnnotation } from '../../protocol/lsp';

/** Lines in sight that follow each other, 0-based, both included. */
export interface VisibleLines {
  first: number;
  last: number;
}

/** By the line that stays in sight, the last of the lines folded away below it, 0-based. */
export type Folds = ReadonlyMap<number, number>;

export const noFolds: Folds = new Map();

/**
 * Finds folded lines from the lines in sight, because VS Code does not tell extensions. Lines out of sight keep their
 * folds, and so does the last line in sight, below which nothing is known.
 */
export function findFolds(visible: readonly VisibleLines[], before: Folds): Folds {
  const [top, bottom] = [visible[0], visible.at(-1)];
  if (!top || !bottom) return before;
  const now = new Map(
    [...before].filter(([header, last]) => last < top.first || header >= bottom.last),
  );
  visible.forEach(({ last }, at) => {
    const next = visible[at + 1];
    if (next && next.first > last + 1) now.set(last, next.first - 1);
  });
  return now;
}

/** Whether the same lines are folded away. */
export function isSameFolds(a: Folds, b: Folds): boolean {
  return a.size === b.size && [...a].every(([header, last]) => b.get(header) === last);
}

/** Folds after an edit: those below move. */
export function shiftFolds(folds: Folds, startLine: number, delta: number): Folds {
  if (delta === 0 || folds.size === 0) return folds;
  return new Map(
    [...folds].map(([header, last]) => [
      header > startLine ? header + delta : header,
      last > startLine ? last + delta : last,
    ]),
  );
}

/**
 * The figures to draw: lines that are folded away have none, and the first line of a folded function has those of all of
 * it. Both lists are in order of lines.
 */
export function withFolds(
  lines: readonly LineAnnotation[],
  functions: readonly LineAnnotation[],
  folds: Folds,
): readonly LineAnnotation[] {
  if (folds.size === 0) return lines;
  const wholes = new Map(
    functions.filter(({ line }) => folds.has(line - 1)).map((item) => [item.line, item]),
  );
  const isShown = outside(folds);
  const shown = lines.filter(({ line }) => isShown(line) && !wholes.has(line));
  const isHeader = outside(folds);
  const outer = [...wholes.values()].filter(({ line }) => isHeader(line));
  return [...shown, ...outer].sort((a, b) => a.line - b.line);
}

/** A function that says whether a line (1-based) is not folded away. It has to be called in order of lines. */
function outside(folds: Folds): (line: number) => boolean {
  const spans = [...folds].sort(([a], [b]) => a - b);
  let next = 0;
  let hiddenTo = -1;
  return (line) => {
    for (; next < spans.length && spans[next]![0] < line - 1; next++) {
      hiddenTo = Math.max(hiddenTo, spans[next]![1]);
    }
    return line - 1 > hiddenTo;
  };
}
