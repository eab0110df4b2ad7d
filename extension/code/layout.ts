import { columns, padLeft } from '../../profile/words/columns';
import type { LineAnnotation } from '../../protocol/lsp';

/** Where one annotation goes and what it says. */
export interface PlacedAnnotation {
  annotation: LineAnnotation;
  /** 0-based: the annotated line, or one above it. */
  line: number;
  /** Characters in that line; the figures stand after them. */
  end: number;
  /** Empty columns between the end of the line and the figures. */
  gap: number;
  /** The value, and where there is room the share, a hole for the bar, and the split. */
  text: string;
  /** Columns of the text before its hole; undefined where it has none. */
  barColumn: number | undefined;
  /** Nothing of it asks for attention: small costs, those of calls, and those of lines edited since the run. */
  isQuiet: boolean;
}

/** Columns that stay free between the code and the figures. */
const smallestGap = 3;
/** The same where an editor is narrow. */
const smallestCompactGap = 2;
/**
 * Where nobody knows how wide the editor is, a line this much longer than figures go to the right has them out of sight: an
 * editor beside the Explorer and a minimap shows about 110 columns on a laptop.
 */
const farColumns = 16;
/** Begins figures of the line below; twice, those of the line below that. */
const below = '↓';
/** Figures of a line that is too long stand no further up. */
const mostLinesUp = 3;
/** Columns that the bar takes, and those that stay free on each side of it. */
export const barColumns = 8;
const barMargin = 2;

/** Columns for `1.23 s` and `12.3 %`, kept from the first figures on: while a program runs, bars stay where they are. */
const leastValue = 6;
const leastPercent = 6;

/** How figures are laid out in one editor. */
export interface Layout {
  tabSize: number;
  /** Figures of a block stand no further right; longer lines push theirs out. */
  maxColumn: number;
  /** Value and share only, without bar and split. */
  isCompact: boolean;
  /** Columns that the editor shows, where that is known: split and bar are left out where they do not fit. */
  room: number | undefined;
  /** Long lines are wrapped, so that their ends are in sight. */
  isWrapped: boolean;
}

/** So many lines without figures may lie between two that line up. */
const neighbours = 4;
/** A line that begins a part of the program of its own. */
const partBegins = /^\s*(async\s+def|def|class)\b/;

/**
 * Lines up annotations as tables beside the code, one for each block: lines that stand near each other in the same function.
 * Figures of a block start in one column, close behind most of its lines and no further right than maxColumn; the few
 * longer lines push theirs out, or have them at a line above that has room. Figures are right-aligned. `lineAt` gives the text of a
 * 0-based line; lines that are not there are left out. `annotations` are in order of lines.
 */
export function placeAnnotations(
  annotations: readonly LineAnnotation[],
  lineAt: (line: number) => string | undefined,
  { tabSize, maxColumn, isCompact, room, isWrapped }: Layout,
): PlacedAnnotation[] {
  const valueWidth = Math.max(
    leastValue,
    widestOf(annotations, ({ value }) => value),
  );
  const percentWidth = Math.max(
    leastPercent,
    widestOf(annotations, ({ percent }) => percent),
  );
  const compactWidth = valueWidth + 2 + percentWidth;
  const barWidth = compactWidth + barMargin + barColumns;
  const farthest =
    room === undefined ? maxColumn + farColumns : room - smallestCompactGap - valueWidth;
  const isFar = (width: number): boolean => !isWrapped && width > farthest;
  const widthAt = (line: number): number => columns(lineAt(line) ?? '', tabSize);
  const present = annotations
    .map((annotation) => ({ annotation, line: annotation.line - 1 }))
    .filter(({ line }) => lineAt(line) !== undefined)
    .map(({ annotation, line }): Place => ({ annotation, line, width: widthAt(line), down: 0 }));
  const own = new Set(present.filter(({ width }) => !isFar(width)).map(({ line }) => line));
  const lent = new Set<number>();
  // The hottest chooses first.
  const far = present.filter(({ width }) => isFar(width));
  for (const place of far.toSorted((a, b) => weightOf(b) - weightOf(a))) {
    const above = Array.from({ length: mostLinesUp }, (_, at) => at + 1)
      .map((down) => ({ down, line: place.line - down }))
      .filter(({ down, line }) => {
        // Behind figures of its own a line may have no room for more.
        const taken = own.has(line) ? smallestGap + compactWidth : 0;
        const isThere = lineAt(line) !== undefined && !lent.has(line);
        return isThere && !isFar(widthAt(line) + taken + arrows(down).length);
      });
    // Behind those of another line figures have no bar.
    const found = above.find(({ line }) => !own.has(line)) ?? above[0];
    if (!found) continue;
    lent.add(found.line);
    Object.assign(place, { ...found, width: widthAt(found.line) });
  }
  present.sort((a, b) => a.line - b.line || a.down - b.down);
  return blocksOf(present, lineAt).flatMap((block) => {
    const usual = Math.min(usualWidth(block.map(({ width }) => width)), maxColumn);
    const isInSight = (end: number): boolean => room === undefined || end <= room;
    const widestArrows = Math.max(...block.map(({ down }) => arrows(down).length));
    const fits = (width: number): boolean =>
      !isCompact && isInSight(usual + smallestGap + widestArrows + width);
    const detailWidth = widestOf(block, ({ annotation }) => annotation.detail);
    const hasBars = fits(barWidth);
    const hasDetails = fits(barWidth + barMargin + detailWidth);
    const leastGap = hasBars ? smallestGap : smallestCompactGap;
    return block.map(({ annotation, line, width, down }, at): PlacedAnnotation => {
      const end = lineAt(line)!.length;
      const column = Math.max(leastGap, usual + leastGap - width);
      // One decoration a line: two at the same place have no order.
      if (block[at - 1]?.line === line) {
        return {
          annotation,
          line,
          end,
          gap: column,
          text: '',
          barColumn: undefined,
          isQuiet: true,
        };
      }
      const gap = Math.max(leastGap, column - arrows(down).length);
      const figuresOf = (it: Place, from: number): string => {
        const value = `${arrows(it.down)}${padLeft(it.annotation.value, valueWidth)}`;
        const both = `${value}  ${padLeft(it.annotation.percent, percentWidth)}`;
        // What is out of sight in any case has both for those who scroll.
        return isFar(width) || isInSight(from + columns(both)) ? both : value;
      };
      const own = figuresOf(block[at]!, width + gap);
      const hasBar = hasBars && isInSight(width + gap + columns(own) + barMargin + barColumns);
      const bar = hasBar ? ' '.repeat(barMargin + barColumns) : '';
      const detail = hasBar && hasDetails ? `${' '.repeat(barMargin)}${annotation.detail}` : '';
      const next = block[at + 1]?.line === line ? block[at + 1] : undefined;
      const text = `${own}${bar}${detail}`;
      const joined = next ? `   ${figuresOf(next, width + gap + columns(text) + 3)}` : '';
      return {
        annotation,
        line,
        end,
        gap,
        text: text + joined,
        barColumn: hasBar ? columns(own) + barMargin : undefined,
        isQuiet: isQuiet(annotation) && (!next || isQuiet(next.annotation)),
      };
    });
  });
}

/** Where figures stand. */
interface Place {
  annotation: LineAnnotation;
  line: number;
  /** Columns of that line. */
  width: number;
  /** So many lines below it is the one they are of. */
  down: number;
}

/** What leads to the line that figures are of. */
function arrows(down: number): string {
  return down === 0 ? '' : `${below.repeat(down)} `;
}

function isQuiet({ stale, kind, heat }: LineAnnotation): boolean {
  return stale || kind === 'total' || heat <= 1;
}

/** How much a line matters: its share of the run. */
function weightOf({ annotation: { bar } }: Place): number {
  return Object.values(bar).reduce((sum, part) => sum + part, 0);
}

function widestOf<Item>(items: readonly Item[], textOf: (item: Item) => string): number {
  return items.reduce((most, item) => Math.max(most, columns(textOf(item))), 0);
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
    if (line > last) return [delta === 0 ? annotation : { ...annotation, line: line + delta }];
    if (line === last && keepsLast && endsWithBreak) {
      return [{ ...annotation, line: line + delta }];
    }
    if (line === first) return [{ ...annotation, stale: true }];
    return [];
  });
}
