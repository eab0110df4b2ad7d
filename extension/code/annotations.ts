import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import type { FileAnnotations, LineAnnotation } from '../../protocol/lsp';
import { barLength } from './bars';
import { Drawing, type Written } from './drawing';
import { findFolds, isSameFolds, noFolds, shiftFolds, withFolds, type Folds } from './folds';
import { placeAnnotations, shiftAnnotations, type PlacedAnnotation } from './layout';
import { viewSettings } from '../settings';

/** One annotation as it was drawn. What tests read, because decorations cannot be read back. */
export interface DrawnLine {
  /** 1-based. */
  line: number;
  heat: number;
  kind: 'self' | 'total';
  stale: boolean;
  /** Columns between the end of the line and the figures. */
  gap: number;
  text: string;
}

/** How wide editors are, CSS pixels, and a column of code in them, as a part of the size of the font. */
export interface EditorWidth {
  pixels: number;
  columnPart: number;
}

/** Who types does not pause for so long. */
const pauseMs = 400;

/** Line numbers, folding controls, the mark of heat and the scroll bar. */
const gutterPixels = 85;

/** What VS Code is told about editors of a language. */
interface EditorSettings {
  /** Pixels. */
  font: number;
  isWrapped: boolean;
  hasMinimap: boolean;
}

/** Draws what the server says about files, in every editor that shows them. Keyed by real path. */
export class Annotations implements vscode.Disposable {
  readonly #files = new Map<string, FileAnnotations>();
  readonly #drawn = new Map<string, PlacedAnnotation[]>();
  /** Real paths of documents, by URI: looking them up is asynchronous, and drawing should not flicker. */
  readonly #realPaths = new Map<string, Promise<string>>();
  readonly #subscriptions: vscode.Disposable[];
  readonly #drawing: Drawing;
  readonly #changed = new vscode.EventEmitter<string>();
  /** What is known of a file has changed: its real path. */
  readonly onDidChange = this.#changed.event;
  /** How long the last edits kept the extension busy, milliseconds each. For tests. */
  readonly followsMs: number[] = [];
  /** Share of the run that the hottest line of all files has, 0 when there is none. */
  #hottest = 0;
  /** Kept, because a keystroke has no time to read them. */
  #settings = viewSettings();
  /** By language: settings of editors can differ by it. */
  readonly #ofEditors = new Map<string, EditorSettings>();
  #folds = new WeakMap<vscode.TextEditor, Folds>();
  #pause: NodeJS.Timeout | undefined;
  /** Where that is known. */
  #width: EditorWidth | undefined;

  constructor(extension: vscode.Extension<unknown>) {
    this.#drawing = new Drawing(extension);
    this.#subscriptions = [
      vscode.window.onDidChangeVisibleTextEditors(() => this.#redrawAll()),
      vscode.window.onDidChangeActiveColorTheme(() => this.#restyle()),
      vscode.window.onDidChangeTextEditorOptions(({ textEditor }) => void this.#draw(textEditor)),
      vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => {
        if (this.#lookForFolds(textEditor)) void this.#draw(textEditor);
      }),
      vscode.workspace.onDidChangeTextDocument((event) => void this.#follow(event)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#realPaths.delete(String(uri))),
      vscode.workspace.onDidChangeConfiguration((event) => {
        this.#settings = viewSettings();
        this.#ofEditors.clear();
        if (event.affectsConfiguration('workbench.colorCustomizations')) this.#restyle();
        else if (['lineheat', 'editor'].some((name) => event.affectsConfiguration(name)))
          this.#redrawAll();
      }),
    ];
  }

  /** Replaces what is known about one file. */
  set(file: FileAnnotations): void {
    if (file.lines.length + file.functions.length > 0) this.#files.set(file.path, file);
    else this.#files.delete(file.path);
    // A new hottest line changes what a full bar stands for in every file.
    this.#redrawAll(this.#findHottest() ? undefined : file.path);
    this.#changed.fire(file.path);
  }

  /** Forgets the files of all runs but one; undefined: of all. */
  keepOnly(run: string | undefined): void {
    const gone = [...this.#files].filter(([, file]) => file.run !== run).map(([path]) => path);
    for (const path of gone) this.#files.delete(path);
    this.#findHottest();
    this.#redrawAll();
    for (const path of gone) this.#changed.fire(path);
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

  /** Says how wide editors are; undefined: nobody knows. */
  setWidth(width: EditorWidth | undefined): void {
    if (width?.pixels === this.#width?.pixels && width?.columnPart === this.#width?.columnPart) {
      return;
    }
    this.#width = width;
    this.#redrawAll();
  }

  /** All that is known of one file, by real path. */
  file(path: string): Readonly<FileAnnotations> | undefined {
    return this.#files.get(path);
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
    return (this.#drawn.get(path) ?? []).map(({ annotation, gap, text }) => ({
      line: annotation.line,
      heat: annotation.heat,
      kind: annotation.kind,
      stale: annotation.stale,
      gap,
      text,
    }));
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
    if (editor.document.uri.scheme !== 'file') return;
    const path = await this.realPath(editor.document.uri);
    if (onlyPath !== undefined && path !== onlyPath) return;
    this.#lookForFolds(editor);
    this.#drawFile(editor, path);
  }

  /** Whether other lines are folded away than before. */
  #lookForFolds(editor: vscode.TextEditor): boolean {
    const before = this.#folds.get(editor) ?? noFolds;
    const visible = editor.visibleRanges.map(({ start, end }) => {
      return { first: start.line, last: end.line };
    });
    const now = findFolds(visible, before);
    this.#folds.set(editor, now);
    return !isSameFolds(now, before);
  }

  /** What is to be drawn in an editor that shows a file. */
  #shownIn(editor: vscode.TextEditor, path: string): readonly LineAnnotation[] {
    const functions = this.#files.get(path)?.functions ?? [];
    return withFolds(this.of(path), functions, this.#folds.get(editor) ?? noFolds);
  }

  #drawFile(editor: vscode.TextEditor, path: string, written?: Written): void {
    const { document } = editor;
    const { show, maxColumn, figures, fullBar } = this.#settings;
    const { tabSize } = editor.options;
    const { font, isWrapped, hasMinimap } = this.#editorSettings(document);
    const placed = placeAnnotations(
      show ? this.#shownIn(editor, path) : [],
      (line) => (line < document.lineCount && line >= 0 ? document.lineAt(line).text : undefined),
      {
        tabSize: typeof tabSize === 'number' ? tabSize : 4,
        maxColumn,
        isCompact: figures === 'compact',
        room:
          figures === 'auto' && this.#width ? columnsIn(this.#width, font, hasMinimap) : undefined,
        isWrapped,
      },
    );
    this.#drawing.draw(editor, placed, fullBar === 'run' ? 1 : this.#hottest || 1, font, written);
    if (placed.length === 0 && !this.#drawn.has(path)) return;
    this.#drawn.set(path, placed);
  }

  /** Keeps annotations beside their lines while the user types, until the server sends new ones. */
  async #follow({ document, contentChanges }: vscode.TextDocumentChangeEvent): Promise<void> {
    if (document.uri.scheme !== 'file' || contentChanges.length === 0) return;
    const path = await this.realPath(document.uri);
    const file = this.#files.get(path);
    if (!file) return;
    const began = performance.now();
    let { lines, functions } = file;
    const editors = vscode.window.visibleTextEditors.filter((it) => it.document === document);
    for (const { range, text } of contentChanges) {
      const change = {
        startLine: range.start.line,
        startCharacter: range.start.character,
        endLine: range.end.line,
        endCharacter: range.end.character,
        text,
      };
      lines = shiftAnnotations(lines, change);
      functions = shiftAnnotations(functions, change);
      const delta = text.split('\n').length - 1 - (change.endLine - change.startLine);
      for (const editor of editors) {
        const folds = this.#folds.get(editor) ?? noFolds;
        this.#folds.set(editor, shiftFolds(folds, change.startLine, delta));
      }
    }
    this.#files.set(path, { ...file, lines, functions });
    for (const editor of editors) {
      this.#drawFile(editor, path, writtenBy(contentChanges));
    }
    const hasMovedLines = contentChanges.some(
      ({ range, text }) => !range.isSingleLine || text.includes('\n'),
    );
    if (hasMovedLines) this.#drawAnewSoon();
    this.followsMs.push(performance.now() - began);
    if (this.followsMs.length > 500) this.followsMs.shift();
  }

  #editorSettings(document: vscode.TextDocument): EditorSettings {
    const { languageId } = document;
    let known = this.#ofEditors.get(languageId);
    if (!known) {
      const settings = vscode.workspace.getConfiguration('editor', document);
      known = {
        font: settings.get('fontSize', 14),
        isWrapped: settings.get('wordWrap', 'off') !== 'off',
        hasMinimap: settings.get('minimap.enabled', true),
      };
      this.#ofEditors.set(languageId, known);
    }
    return known;
  }

  /**
   * Draws everything anew once the user pauses: what was drawn while VS Code took the next edit stands where lines were
   * before it.
   */
  #drawAnewSoon(): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      for (const editor of vscode.window.visibleTextEditors) {
        this.#drawing.forget(editor);
        void this.#draw(editor);
      }
    }, pauseMs);
  }

  #restyle(): void {
    this.#drawing.restyle();
    this.#redrawAll();
  }

  dispose(): void {
    clearTimeout(this.#pause);
    this.#drawing.dispose();
    this.#changed.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}

/** Undefined where it takes more than one range to say what an edit has written. */
function writtenBy(changes: readonly vscode.TextDocumentContentChangeEvent[]): Written | undefined {
  const [change, another] = changes;
  if (!change || another) return undefined;
  const first = change.range.start.line;
  return { first, last: first + change.text.split('\n').length - 1 };
}

/** About how many columns of code an editor shows beside its gutter and its minimap. */
function columnsIn({ pixels, columnPart }: EditorWidth, font: number, hasMinimap: boolean): number {
  const minimap = hasMinimap ? Math.min(120, 0.12 * pixels) : 0;
  return Math.floor((pixels - gutterPixels - minimap) / (columnPart * font));
}
