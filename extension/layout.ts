import { eastAsianWidth } from 'get-east-asian-width';
import type { LineAnnotation } from '../protocol/lsp';

/** Where one annotation goes and what it says. */
export interface PlacedAnnotation {
  annotation: LineAnnotation;
  /** 0-based. */
  line: number;
  /** Characters in the line; the annotation stands after them. */
  end: number;
  /** Empty columns between the end of the line and the figures. */
  gap: number;
  /** Value and share, a hole for the bar, and the split, with no-break spaces. */
  text: string;
  /** Columns of the text before its hole. */
  barColumn: number;
}

/** Columns that stay free between the code and the figures. */
const smallestGap = 3;
/** Columns that the bar takes, and those that stay free on each side of it. */
export const barColumns = 8;
const barMargin = 2;

/** Attachments collapse ordinary spaces. */
const space = '\u00a0';

/** So many lines without figures may lie between two that line up. */
const neighbours = 4;
/** A line that begins a part of the program of its own. */
const partBegins = /^\s*(async\s+def|def|class)\b/;

/**
 * Lines up annotations as tables beside the code, one for each block: lines that stand near each other in the same function.
 * Figures of a block start in one column, close behind most of its lines and no further right than maxColumn; the few
 * longer lines push theirs out. Figures are right-aligned. `lineAt` gives the text of a 0-based line; lines that are not
 * there are left out. `annotations` are in order of lines.
 */
export function placeAnnotations(
  annotations: readonly LineAnnotation[],
  lineAt: (line: number) => string | undefined,
  tabSize: number,
  maxColumn: number,
): PlacedAnnotation[] {
  const present = annotations.flatMap((annotation) => {
    const line = annotation.line - 1;
    const code = lineAt(line);
    return code === undefined
      ? []
      : [{ annotation, line, end: code.length, width: displayWidth(code, tabSize) }];
  });
  const widest = (of: (annotation: LineAnnotation) => string) =>
    Math.max(0, ...present.map(({ annotation }) => of(annotation).length));
  const valueWidth = widest(({ value }) => value);
  const percentWidth = widest(({ percent }) => percent);
  const barColumn = valueWidth + 2 + percentWidth + barMargin;
  const hole = ' '.repeat(barMargin + barColumns + barMargin);
  return blocksOf(present, lineAt).flatMap((block) => {
    const column = Math.min(usualWidth(block.map(({ width }) => width)), maxColumn) + smallestGap;
    return block.map(({ annotation, line, end, width }) => {
      const { value, percent, detail } = annotation;
      const figures = `${value.padStart(valueWidth)}  ${percent.padStart(percentWidth)}`;
      return {
        annotation,
        line,
        end,
        gap: Math.max(smallestGap, column - width),
        text: `${figures}${hole}${detail}`.replaceAll(' ', space),
        barColumn,
      };
    });
  });
}

/** Lines in order, cut where few of them are near each other or a function begins. */
function blocksOf<Line extends { line: number }>(
  lines: readonly Line[],
  lineAt: (line: number) => string | undefined,
): Line[][] {
  const blocks: Line[][] = [];
  lines.forEach((it, at) => {
    const before = lines[at - 1]?.line ?? -Infinity;
    let together = it.line - before <= neighbours + 1;
    for (let line = before + 1; together && line <= it.line; line++) {
      together = !partBegins.test(lineAt(line) ?? '');
    }
    if (together) blocks.at(-1)!.push(it);
    else blocks.push([it]);
  });
  return blocks;
}

/** Lines this much longer than most still take part in the alignment, and so do lines no longer than this. */
const tolerance = 12;
const ordinaryWidth = 64;

/** The width that most lines fit into, so that one long line does not send all figures out of sight. */
function usualWidth(widths: readonly number[]): number {
  const sorted = widths.toSorted((a, b) => a - b);
  const usual = sorted[Math.floor((sorted.length - 1) * 0.75)] ?? 0;
  return sorted.findLast((width) => width <= Math.max(usual + tolerance, ordinaryWidth)) ?? 0;
}

/** Columns a line takes on screen: tabs reach to the next stop, East Asian wide characters and emoji take two. */
export function displayWidth(text: string, tabSize: number): number {
  // Nearly all lines are plain ASCII without tabs, and this runs for every annotated line on every keystroke.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (character === '\t') width += tabSize - (width % tabSize);
    else if (/\p{Mark}|\u200b|\u200d|\ufe0f/u.test(character)) continue;
    else width += eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return width;
}

/** One change of a document: the 0-based lines it replaced and how many line breaks came instead. */
export interface LineChange {
  startLine: number;
  startCharacter: number;
  endLine: number;
  endCharacter: number;
  text: string;
}

/**
 * Moves annotations along with an edit until the server has looked at it: lines below move, changed lines are marked
 * stale, deleted ones go.
 */
export function shiftAnnotations(
  annotations: readonly LineAnnotation[],
  change: LineChange,
): LineAnnotation[] {
  const first = change.startLine + 1;
  const last = change.endLine + 1;
  const breaks = change.text.split('\n').length - 1;
  const delta = breaks - (last - first);
  // Inserting whole lines in front of a line, or deleting whole lines before it, leaves the line itself as it was.
  const keepsLast = change.startCharacter === 0 && change.endCharacter === 0;
  const endsWithBreak = change.text === '' || change.text.endsWith('\n');
  return annotations.flatMap((annotation) => {
    const { line } = annotation;
    if (line < first) return [annotation];
    if (line > last) return [{ ...annotation, line: line + delta }];
    if (line === last && keepsLast && endsWithBreak) {
      return [{ ...annotation, line: line + delta }];
    }
    if (line === first) return [{ ...annotation, stale: true }];
    return [];
  });
}
