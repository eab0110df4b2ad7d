import * as vscode from 'vscode';
import { barSize, barSvg, dataUri, heatSvg, type BarSize } from './bars';
import { barColumns, type PlacedAnnotation } from './layout';
import { readPalette, type Palette } from './palette';

/**
 * So many decoration types share the figures of a file, each with lines that follow each other: a type's decorations are
 * only ever replaced together, and a keystroke is to send a few lines to VS Code, not all of them.
 */
const parts = 16;
const smallestPart = 32;

/** Attachments collapse ordinary spaces. */
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
  /** What bars were made for. */
  look: string;
  /** Of the document. */
  version: number;
}

/** The lines, 0-based, that an edit has written. VS Code itself moves the decorations of all others with their text. */
export interface Written {
  first: number;
  last: number;
}

const everything: Written = { first: 0, last: Infinity };

/** Draws placed annotations in editors. Keeps what each of them shows, so that only what changed is sent to VS Code. */
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
   * Shows these annotations and no others. `full`: what a full bar stands for, 0…1 of the run; `font`: px. `written`: by the edit
   * that made the text what it is, where that is known.
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
    // What several edits have written, one range cannot say.
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
        // Nothing before the end of the line: the caret would stand behind it. The bar is the background of a hole in the
        // text, which VS Code has no name for: this is the one property that takes CSS as it is.
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

  /** Takes nothing for granted of what an editor shows: the next call of draw sends everything. */
  forget(editor: vscode.TextEditor): void {
    this.#drawn.delete(editor);
  }

  /** Takes the theme's colours anew: inside pictures they are fixed when the picture is made. Nothing is drawn then. */
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
