/** How annotations follow edits. */
import type { LineAnnotation } from '../../protocol/lsp';

/** One change of a document: the 0-based place that it replaced, and the text that came instead. */
export interface LineChange {
  startLine: number;
  startCharacter: number;
  endLine: number;
  endCharacter: number;
  text: string;
}

/** How many lines a change adds; negative where it removes some. */
export function lineDelta({ startLine, endLine, text }: LineChange): number {
  return text.split('\n').length - 1 - (endLine - startLine);
}

/**
 * Moves annotations along with a change until the server has seen it: lines below move, changed lines are marked
 * stale, deleted ones go.
 */
export function shiftAnnotations(
  annotations: readonly LineAnnotation[],
  change: LineChange,
): LineAnnotation[] {
  const first = change.startLine + 1;
  const last = change.endLine + 1;
  const delta = lineDelta(change);
  // Inserting whole lines in front of a line, or deleting whole lines before it, leaves the line itself as it was.
  const keepsLast = change.startCharacter === 0 && change.endCharacter === 0;
  const endsWithBreak = change.text === '' || change.text.endsWith('\n');
  return annotations.flatMap((annotation) => {
    const { line } = annotation;
    if (line < first) return [annotation];
    if (line > last) return [delta === 0 ? annotation : { ...annotation, line: line + delta }];
    if (line === last && keepsLast && endsWithBreak) {
      return [{ ...annotation, line: line + delta }];
    }
    if (line === first) return [{ ...annotation, stale: true }];
    return [];
  });
}
