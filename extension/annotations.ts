import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import type { FileAnnotations, LineAnnotation } from '../protocol/lsp';
import { barLength, barSize, barSvg, dataUri, heatSvg, type BarSize } from './bars';
import { barColumns, placeAnnotations, shiftAnnotations, type PlacedAnnotation } from './layout';
import { readPalette, type Palette } from './palette';
import { viewSettings } from './settings';

/** One annotation as it was drawn. What tests read, because decorations cannot be read back. */
export interface DrawnLine {
  /** 1-based. */
  line: number;
  heat: number;
  kind: 'self' | 'total';
  stale: boolean;
  /** Columns between the end of the line and the figures. */
  gap: number;
  /** With no-break spaces. */
  text: string;
}

/** Decoration types are few and reused: one for bar and figures, one per heat step. */
interface DecorationTypes {
  figures: vscode.TextEditorDecorationType;
  heat: vscode.TextEditorDecorationType[];
}

/** Draws what the server says about files, in every editor that shows them. Keyed by real path. */
export class Annotations implements vscode.Disposable {
  readonly #extension: vscode.Extension<unknown>;
  readonly #files = new Map<string, FileAnnotations>();
  readonly #drawn = new Map<string, DrawnLine[]>();
  /** Real paths of documents, by URI: looking them up is asynchronous, and drawing should not flicker. */
  readonly #realPaths = new Map<string, Promise<string>>();
  readonly #subscriptions: vscode.Disposable[];
  #palette: Palette;
  #types: DecorationTypes;
  /** Share of the run that the hottest line of all files has, 0 when there is none. */
  #hottest = 0;

  constructor(extension: vscode.Extension<unknown>) {
    this.#extension = extension;
    this.#palette = readPalette(extension);
    this.#types = createTypes(this.#palette);
    this.#subscriptions = [
      vscode.window.onDidChangeVisibleTextEditors(() => this.#redrawAll()),
      vscode.window.onDidChangeActiveColorTheme(() => this.#restyle()),
      vscode.window.onDidChangeTextEditorOptions(({ textEditor }) => void this.#draw(textEditor)),
      vscode.workspace.onDidChangeTextDocument((event) => void this.#follow(event)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#realPaths.delete(String(uri))),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('workbench.colorCustomizations')) this.#restyle();
        else if (['linescope', 'editor'].some((name) => event.affectsConfiguration(name)))
          this.#redrawAll();
      }),
    ];
  }

  /** Replaces what is known about one file. */
  set(file: FileAnnotations): void {
    if (file.lines.length > 0) this.#files.set(file.path, file);
    else this.#files.delete(file.path);
    // A new hottest line changes what a full bar stands for in every file.
    this.#redrawAll(this.#findHottest() ? undefined : file.path);
  }

  /** Forgets the files of all runs but one; undefined: of all. */
  keepOnly(run: string | undefined): void {
    for (const [path, file] of this.#files) if (file.run !== run) this.#files.delete(path);
    this.#findHottest();
    this.#redrawAll();
  }

  /** True when it is another one than before, or costs another share. */
  #findHottest(): boolean {
    const before = this.#hottest;
    this.#hottest = 0;
    for (const { lines } of this.#files.values()) {
      for (const line of lines) {
        if (line.kind === 'self') this.#hottest = Math.max(this.#hottest, barLength(line));
      }
    }
    return this.#hottest !== before;
  }

  /** Annotations of one file by real path, in order of lines. */
  of(path: string): readonly LineAnnotation[] {
    return this.#files.get(path)?.lines ?? [];
  }

  /** Every annotated file. */
  paths(): string[] {
    return [...this.#files.keys()];
  }

  /** What is drawn in the editors that show a file; empty when none does. */
  drawn(path: string): readonly DrawnLine[] {
    return this.#drawn.get(path) ?? [];
  }

  /** The real path of a file on disk: what the server calls it. */
  realPath(uri: vscode.Uri): Promise<string> {
    const key = String(uri);
    const known = this.#realPaths.get(key);
    if (known) return known;
    const found = fs.realpath(uri.fsPath).catch(() => uri.fsPath);
    this.#realPaths.set(key, found);
    return found;
  }

  #redrawAll(onlyPath?: string): void {
    if (!onlyPath) this.#drawn.clear();
    for (const editor of vscode.window.visibleTextEditors) void this.#draw(editor, onlyPath);
  }

  async #draw(editor: vscode.TextEditor, onlyPath?: string): Promise<void> {
    const { document } = editor;
    if (document.uri.scheme !== 'file') return;
    const path = await this.realPath(document.uri);
    if (onlyPath !== undefined && path !== onlyPath) return;
    const { show, maxColumn } = viewSettings();
    const lines = show ? this.of(path) : [];
    if (lines.length === 0 && !this.#drawn.has(path) && onlyPath === undefined) {
      this.#apply(editor, []);
      return;
    }
    const { tabSize } = editor.options;
    const placed = placeAnnotations(
      lines,
      (line) => (line < document.lineCount && line >= 0 ? document.lineAt(line).text : undefined),
      typeof tabSize === 'number' ? tabSize : 4,
      maxColumn,
    );
    this.#apply(editor, placed);
    this.#drawn.set(
      path,
      placed.map(({ annotation, gap, text }) => ({
        line: annotation.line,
        heat: annotation.heat,
        kind: annotation.kind,
        stale: annotation.stale,
        gap,
        text,
      })),
    );
  }

  #apply(editor: vscode.TextEditor, placed: readonly PlacedAnnotation[]): void {
    const font = vscode.workspace.getConfiguration('editor', editor.document).get('fontSize', 14);
    const full = viewSettings().fullBar === 'run' ? 1 : this.#hottest || 1;
    editor.setDecorations(
      this.#types.figures,
      placed.map((place) => this.#figures(place, barSize(font), full)),
    );
    this.#types.heat.forEach((type, step) => {
      const ranges = placed
        .filter(({ annotation }) => annotation.heat === step && !annotation.stale)
        .map(({ line }) => new vscode.Range(line, 0, line, 0));
      editor.setDecorations(type, ranges);
    });
  }

  #figures(place: PlacedAnnotation, size: BarSize, full: number): vscode.DecorationOptions {
    const { annotation, line, end, gap, text, barColumn } = place;
    const picture = dataUri(barSvg(annotation, full, size, this.#palette));
    const quiet = annotation.stale || annotation.kind === 'total' || annotation.heat <= 1;
    return {
      range: new vscode.Range(line, end, line, end),
      renderOptions: {
        // Nothing before the end of the line: the caret would stand behind it. The bar is the background of a hole in the
        // text, which VS Code has no name for: this is the one property that takes CSS as it is.
        after: {
          contentText: text,
          color: new vscode.ThemeColor(
            quiet ? 'linescope.mutedForeground' : 'linescope.foreground',
          ),
          ...(annotation.stale ? { fontStyle: 'italic' } : {}),
          margin: `0 0 0 ${gap}ch`,
          textDecoration: `none; background: url("${picture}") ${barColumn}ch 55% / ${barColumns}ch ${size.height}px no-repeat`,
        },
      },
    };
  }

  /** Keeps annotations beside their lines while the user types, until the server sends new ones. */
  async #follow({ document, contentChanges }: vscode.TextDocumentChangeEvent): Promise<void> {
    if (document.uri.scheme !== 'file' || contentChanges.length === 0) return;
    const path = await this.realPath(document.uri);
    const file = this.#files.get(path);
    if (!file) return;
    let { lines } = file;
    for (const { range, text } of contentChanges) {
      lines = shiftAnnotations(lines, {
        startLine: range.start.line,
        startCharacter: range.start.character,
        endLine: range.end.line,
        endCharacter: range.end.character,
        text,
      });
    }
    this.#files.set(path, { ...file, lines });
    this.#redrawAll(path);
  }

  /** Theme colours inside pictures are fixed when the picture is made: make them again. */
  #restyle(): void {
    const old = this.#types;
    this.#palette = readPalette(this.#extension);
    this.#types = createTypes(this.#palette);
    disposeTypes(old);
    this.#redrawAll();
  }

  dispose(): void {
    disposeTypes(this.#types);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}

function createTypes(palette: Palette): DecorationTypes {
  return {
    figures: vscode.window.createTextEditorDecorationType({
      rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    }),
    heat: palette.heat.map((_, step) =>
      vscode.window.createTextEditorDecorationType({
        gutterIconPath: vscode.Uri.parse(dataUri(heatSvg(step, palette))),
        gutterIconSize: 'contain',
        overviewRulerColor: new vscode.ThemeColor(`linescope.heat${step}`),
        overviewRulerLane: vscode.OverviewRulerLane.Right,
      }),
    ),
  };
}

function disposeTypes({ figures, heat }: DecorationTypes): void {
  for (const type of [figures, ...heat]) type.dispose();
}
