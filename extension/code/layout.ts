import { barLength } from '../../profile/words/annotation';
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
  /** Drawn muted: small costs, those of calls, and those of lines edited since the run. */
  isQuiet: boolean;
}

/** Columns that stay free between the code and the figures. */
const smallestGap = 3;
/** The same in a narrow editor. */
const smallestCompactGap = 2;
/**
 * Where the width of the editor is not known, figures of a line that is this much longer than maxColumn count as out of
 * sight: an editor beside the Explorer and a minimap shows about 110 columns on a laptop.
 */
const farColumns = 16;
/** Precedes figures of the line below; twice, those of the second line below. */
const below = '↓';
/** How many lines up figures of a line that is too long may stand. */
const mostLinesUp = 3;
/** Columns that the bar takes, and those that stay free on each side of it. */
export const barColumns = 8;
const barMargin = 2;

/** Columns for `1.23 s` and `12.3 %`, reserved from the beginning, so that bars stay where they are while figures grow. */
const leastValue = 6;
const leastPercent = 6;

/** How figures are laid out in one editor. */
export interface Layout {
  tabSize: number;
  /** Figures of a block stand no further right, except those of longer lines. */
  maxColumn: number;
  /** Value and share only, without bar and split. */
  isCompact: boolean;
  /** Columns that the editor shows, where that is known: split and bar are left out where they do not fit. */
  room: number | undefined;
  /** Long lines are wrapped, so that their ends are in sight. */
  isWrapped: boolean;
}

/** Up to this many lines without figures may lie between two lines of one block. */
const neighbours = 4;
/** A line that begins a part of the program of its own. */
const partBegins = /^\s*(async\s+def|def|class)\b/;

/** Where the figures of one annotation stand. */
interface Place {
  annotation: LineAnnotation;
  line: number;
  /** Columns of the code in that line. */
  width: number;
  /** How many lines below it the annotated line is. */
  down: number;
}

/** What all figures of a file have in common. */
interface Table {
  layout: Layout;
  /** The text of a 0-based line; undefined where there is no such line. */
  lineAt: (line: number) => string | undefined;
  /** Columns of values and of percentages. */
  valueWidth: number;
  percentWidth: number;
}

/**
 * Lines up annotations as tables beside the code, one for each block: lines that stand near each other in the same function.
 * Figures of a block start in one column, close behind most of its lines and no further right than maxColumn. The few
 * longer lines push theirs out, or have them at a line above that has room. Figures are right-aligned. `lineAt` gives the
 * text of a 0-based line; annotations of lines that are not there are left out. `annotations` are in order of lines.
 */
export function placeAnnotations(
  annotations: readonly LineAnnotation[],
  lineAt: (line: number) => string | undefined,
  layout: Layout,
): PlacedAnnotation[] {
  const valueWidth = widestOf(annotations, ({ value }) => value);
  const percentWidth = widestOf(annotations, ({ percent }) => percent);
  const table: Table = {
    layout,
    lineAt,
    valueWidth: Math.max(leastValue, valueWidth),
    percentWidth: Math.max(leastPercent, percentWidth),
  };
  const places = annotations
    .map((annotation) => ({ annotation, line: annotation.line - 1 }))
    .filter(({ line }) => lineAt(line) !== undefined)
    .map(({ annotation, line }): Place => {
      return { annotation, line, width: widthAt(table, line), down: 0 };
    });
  moveFarUp(places, table);
  places.sort((a, b) => a.line - b.line || a.down - b.down);
  return blocksOf(places, lineAt).flatMap((block) => placeBlock(block, table));
}

/** Moves figures of lines that are too long to a line above that has room, where there is one. */
function moveFarUp(places: readonly Place[], table: Table): void {
  const { lineAt } = table;
  const far = places.filter(({ width }) => isFar(table, width));
  const annotated = new Set(places.filter((place) => !far.includes(place)).map(({ line }) => line));
  const lent = new Set<number>();
  // The hottest chooses first.
  for (const place of far.toSorted((a, b) => weightOf(b) - weightOf(a))) {
    const above = Array.from({ length: mostLinesUp }, (_, at) => at + 1)
      .map((down) => ({ down, line: place.line - down }))
      .filter(({ down, line }) => {
        // Behind figures of its own a line may have no room for more.
        const taken = annotated.has(line) ? smallestGap + compactWidth(table) : 0;
        const isThere = lineAt(line) !== undefined && !lent.has(line);
        return isThere && !isFar(table, widthAt(table, line) + taken + arrows(down).length);
      });
    // Figures behind those of another line have no bar, so a line without figures is better.
    const found = above.find(({ line }) => !annotated.has(line)) ?? above[0];
    if (!found) continue;
    lent.add(found.line);
    Object.assign(place, { ...found, width: widthAt(table, found.line) });
  }
}

/** Lays out the figures of lines that stand near each other. */
function placeBlock(block: readonly Place[], table: Table): PlacedAnnotation[] {
  const { maxColumn, isCompact } = table.layout;
  const usual = Math.min(usualWidth(block.map(({ width }) => width)), maxColumn);
  const widestArrows = Math.max(...block.map(({ down }) => arrows(down).length));
  const fits = (width: number): boolean =>
    !isCompact && isInSight(table, usual + smallestGap + widestArrows + width);
  const barWidth = compactWidth(table) + barMargin + barColumns;
  const detailWidth = widestOf(block, ({ annotation }) => annotation.detail);
  const hasBars = fits(barWidth);
  const hasDetails = fits(barWidth + barMargin + detailWidth);
  const leastGap = hasBars ? smallestGap : smallestCompactGap;
  return block.map((place, at): PlacedAnnotation => {
    const { annotation, line, width, down } = place;
    const end = table.lineAt(line)!.length;
    const column = Math.max(leastGap, usual + leastGap - width);
    // One decoration a line, because two at the same place have no order: the first one holds the text of both.
    if (block[at - 1]?.line === line) {
      const isQuiet = true;
      return { annotation, line, end, gap: column, text: '', barColumn: undefined, isQuiet };
    }
    const gap = Math.max(leastGap, column - arrows(down).length);
    const figures = figuresOf(place, width, width + gap, table);
    const beforeBar = columns(figures) + barMargin;
    const hasBar = hasBars && isInSight(table, width + gap + beforeBar + barColumns);
    const bar = hasBar ? ' '.repeat(barMargin + barColumns) : '';
    const detail = hasBar && hasDetails ? `${' '.repeat(barMargin)}${annotation.detail}` : '';
    const text = `${figures}${bar}${detail}`;
    const next = block[at + 1]?.line === line ? block[at + 1] : undefined;
    const joined = next
      ? `   ${figuresOf(next, width, width + gap + columns(text) + 3, table)}`
      : '';
    return {
      annotation,
      line,
      end,
      gap,
      text: text + joined,
      barColumn: hasBar ? beforeBar : undefined,
      isQuiet: isQuiet(annotation) && (!next || isQuiet(next.annotation)),
    };
  });
}

/** Value and share, as far as they are in sight. `width`: of the code; `from`: the column where the figures begin. */
function figuresOf(place: Place, width: number, from: number, table: Table): string {
  const { value, percent } = place.annotation;
  const short = `${arrows(place.down)}${padLeft(value, table.valueWidth)}`;
  const both = `${short}  ${padLeft(percent, table.percentWidth)}`;
  // Where the line is too long anyway, both are there for those who scroll.
  return isFar(table, width) || isInSight(table, from + columns(both)) ? both : short;
}

/** Columns of value and share. */
function compactWidth({ valueWidth, percentWidth }: Table): number {
  return valueWidth + 2 + percentWidth;
}

/** Whether figures behind code of this width, in columns, would be out of sight. */
function isFar({ layout, valueWidth }: Table, width: number): boolean {
  const { room, maxColumn, isWrapped } = layout;
  const farthest =
    room === undefined ? maxColumn + farColumns : room - smallestCompactGap - valueWidth;
  return !isWrapped && width > farthest;
}

function isInSight({ layout: { room } }: Table, end: number): boolean {
  return room === undefined || end <= room;
}

function widthAt({ lineAt, layout }: Table, line: number): number {
  return columns(lineAt(line) ?? '', layout.tabSize);
}

/** The arrows that lead from figures to their line, `down` lines below; empty for the same line. */
function arrows(down: number): string {
  return down === 0 ? '' : `${below.repeat(down)} `;
}

function isQuiet({ stale, kind, heat }: LineAnnotation): boolean {
  return stale || kind === 'total' || heat <= 1;
}

/** How much a line matters: its share of the run. */
function weightOf({ annotation: { bar } }: Place): number {
  return barLength(bar);
}

function widestOf<Item>(items: readonly Item[], textOf: (item: Item) => string): number {
  return items.reduce((most, item) => Math.max(most, columns(textOf(item))), 0);
}

/** Lines in order, cut where they are far from each other or a function begins. */
function blocksOf<Line extends { line: number }>(
  lines: readonly Line[],
  lineAt: (line: number) => string | undefined,
): Line[][] {
  const blocks: Line[][] = [];
  lines.forEach((item, at) => {
    const before = lines[at - 1]?.line ?? -Infinity;
    let isSameBlock = item.line - before <= neighbours + 1;
    for (let line = before + 1; isSameBlock && line <= item.line; line++) {
      isSameBlock = !partBegins.test(lineAt(line) ?? '');
    }
    if (isSameBlock) blocks.at(-1)!.push(item);
    else blocks.push([item]);
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
