import * as vscode from 'vscode';
import { barSize, barSvg, dataUri, heatSvg, type BarSize } from './bars';
import { barColumns, type PlacedAnnotation } from './layout';
import { readPalette, type Palette } from './palette';

/**
 * The figures of a file are divided among this many decoration types, each with lines that follow each other. VS Code
 * replaces all decorations of a type at once, and a keystroke should send a few lines, not all.
 */
const parts = 16;
/** Lines of a part, at least. */
const smallestPart = 32;

/** VS Code collapses ordinary spaces in decorations. */
const space = '\u00a0';

/** Decoration types are few and reused: some for figures, one per heat step. */
interface DecorationTypes {
  figures: vscode.TextEditorDecorationType[];
  heat: vscode.TextEditorDecorationType[];
}

/** What an editor shows. */
interface Drawn {
  figures: PlacedAnnotation[][];
  heat: number[][];
  /** The font and the scale that bars were made for. */
  look: string;
  /** The version of the document. */
  version: number;
}

/** The lines, 0-based, that an edit has written. VS Code moves the decorations of all other lines with their text. */
export interface Written {
  first: number;
  last: number;
}

const everything: Written = { first: 0, last: Infinity };

/** Draws placed annotations in editors. Knows what each editor shows, so that only changes are sent to VS Code. */
export class Drawing implements vscode.Disposable {
  readonly #extension: vscode.Extension<unknown>;
  #drawn = new WeakMap<vscode.TextEditor, Drawn>();
  #palette: Palette;
  #types: DecorationTypes;

  constructor(extension: vscode.Extension<unknown>) {
    this.#extension = extension;
    this.#palette = readPalette(extension);
    this.#types = createTypes(this.#palette);
  }

  /**
   * Shows these annotations and no others. `full`: what a full bar stands for, 0…1 of the run; `font`: px. `written`: the
   * lines that the last edit has written, where that is known.
   */
  draw(
    editor: vscode.TextEditor,
    placed: readonly PlacedAnnotation[],
    full: number,
    font: number,
    written?: Written,
  ): void {
    const { version } = editor.document;
    const look = `${font} ${full}`;
    const before = this.#drawn.get(editor);
    const edits = version - (before?.version ?? 0);
    // One range cannot hold what several edits have written.
    const touched = edits === 1 && written ? written : everything;
    const isInPlace = (line: number, drawnAt: number): boolean =>
      edits === 0 ? line === drawnAt : line < touched.first || line > touched.last;
    const isSame = (a: PlacedAnnotation, b: PlacedAnnotation): boolean =>
      isInPlace(a.line, b.line) && isSameFigure(a, b);
    const now: Drawn = {
      figures: split(placed),
      heat: this.#types.heat.map(() => []),
      look,
      version,
    };
    this.#types.figures.forEach((type, part) => {
      const places = now.figures[part] ?? [];
      const known = before?.look === look ? (before.figures[part] ?? []) : undefined;
      if (known && isSameList(places, known, isSame)) return;
      const options = places.map((place) => this.#figures(place, barSize(font), full));
      editor.setDecorations(type, options);
    });
    for (const { annotation } of placed) {
      if (!annotation.stale) now.heat[annotation.heat]?.push(annotation.line - 1);
    }
    this.#types.heat.forEach((type, step) => {
      const lines = now.heat[step]!;
      const known = before?.heat[step];
      if (known && isSameList(lines, known, isInPlace)) return;
      editor.setDecorations(
        type,
        lines.map((line) => new vscode.Range(line, 0, line, 0)),
      );
    });
    this.#drawn.set(editor, now);
  }

  #figures(place: PlacedAnnotation, size: BarSize, full: number): vscode.DecorationOptions {
    const { annotation, line, end, gap, text, barColumn, isQuiet } = place;
    const bar = (column: number): string => {
      const picture = dataUri(barSvg(annotation, full, size, this.#palette));
      return `none; background: url("${picture}") ${column}ch 55% / ${barColumns}ch ${size.height}px no-repeat`;
    };
    return {
      range: new vscode.Range(line, end, line, end),
      renderOptions: {
        // Figures stand after the end of the line: the caret would stand behind anything before that. The bar is the
        // background of a hole in the text. VS Code has no property for backgrounds, but passes this one on as CSS.
        after: {
          contentText: text.replaceAll(' ', space),
          color: new vscode.ThemeColor(
            isQuiet ? 'lineheat.mutedForeground' : 'lineheat.foreground',
          ),
          ...(annotation.stale ? { fontStyle: 'italic' } : {}),
          margin: `0 0 0 ${gap}ch`,
          ...(barColumn === undefined ? {} : { textDecoration: bar(barColumn) }),
        },
      },
    };
  }

  /** Forgets what an editor shows, so that the next call of draw sends everything. */
  forget(editor: vscode.TextEditor): void {
    this.#drawn.delete(editor);
  }

  /** Reads the theme's colours again, because pictures hold them as they were. Nothing is drawn until draw is called. */
  restyle(): void {
    disposeTypes(this.#types);
    this.#palette = readPalette(this.#extension);
    this.#types = createTypes(this.#palette);
    this.#drawn = new WeakMap();
  }

  dispose(): void {
    disposeTypes(this.#types);
  }
}

/** Cuts a list into at most `parts` pieces. */
function split<Item>(list: readonly Item[]): Item[][] {
  const size = Math.max(smallestPart, Math.ceil(list.length / parts));
  return Array.from({ length: Math.ceil(list.length / size) }, (_, part) =>
    list.slice(part * size, (part + 1) * size),
  );
}

function isSameList<Item>(
  a: readonly Item[],
  b: readonly Item[],
  isSame: (a: Item, b: Item) => boolean,
): boolean {
  return a.length === b.length && a.every((item, at) => isSame(item, b[at]!));
}

/** Whether two figures look the same and stand equally far behind the beginning of their lines. */
function isSameFigure(a: PlacedAnnotation, b: PlacedAnnotation): boolean {
  return (
    a.end === b.end &&
    a.gap === b.gap &&
    a.text === b.text &&
    a.barColumn === b.barColumn &&
    a.isQuiet === b.isQuiet &&
    (a.annotation === b.annotation || isSameAnnotation(a.annotation, b.annotation))
  );
}

function isSameAnnotation(a: PlacedAnnotation['annotation'], b: typeof a): boolean {
  return (
    a.kind === b.kind &&
    a.stale === b.stale &&
    a.heat === b.heat &&
    (Object.keys(a.bar) as (keyof typeof a.bar)[]).every((kind) => a.bar[kind] === b.bar[kind])
  );
}

function createTypes(palette: Palette): DecorationTypes {
  return {
    figures: Array.from({ length: parts }, () =>
      vscode.window.createTextEditorDecorationType({
        rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
      }),
    ),
    heat: palette.heat.map((_, step) =>
      vscode.window.createTextEditorDecorationType({
        gutterIconPath: vscode.Uri.parse(dataUri(heatSvg(step, palette))),
        gutterIconSize: 'contain',
        overviewRulerColor: new vscode.ThemeColor(`lineheat.heat${step}`),
        overviewRulerLane: vscode.OverviewRulerLane.Right,
      }),
    ),
  };
}

function disposeTypes({ figures, heat }: DecorationTypes): void {
  for (const type of [...figures, ...heat]) type.dispose();
}
