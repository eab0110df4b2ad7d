import * as vscode from 'vscode';
import type { LineAnnotation } from '../../protocol/lsp';
import { viewSettings } from '../settings';
import type { Annotations } from './annotations';
import { Drawing, type Written } from './drawing';
import { EditorFolds } from './editorFolds';
import { columnsIn, EditorLooks, type EditorWidth } from './editorLook';
import { lineDelta, type LineChange } from './edits';
import { withFolds } from './folds';
import { placeAnnotations, type PlacedAnnotation } from './layout';

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

/** A user who types does not pause for this long. */
const pauseMs = 400;
/** Edits whose duration is kept for tests. */
const mostEdits = 500;

/** Draws annotations in every editor that shows their file, and keeps them beside their lines while the user types. */
export class AnnotatedEditors implements vscode.Disposable {
  readonly #annotations: Annotations;
  readonly #drawing: Drawing;
  readonly #folds = new EditorFolds();
  readonly #looks = new EditorLooks();
  readonly #subscriptions: vscode.Disposable[];
  /** What is drawn of each file, by real path. For tests. */
  readonly #drawn = new Map<string, PlacedAnnotation[]>();
  /** How long the last edits kept the extension busy, milliseconds each. For tests. */
  readonly followsMs: number[] = [];
  /** Kept, because reading them takes too long for a keystroke. */
  #settings = viewSettings();
  /** The share of the hottest line, which bars were drawn for. */
  #hottest = 0;
  /** Undefined where that is not known. */
  #width: EditorWidth | undefined;
  #pauseTimer: NodeJS.Timeout | undefined;

  constructor(extension: vscode.Extension<unknown>, annotations: Annotations) {
    this.#annotations = annotations;
    this.#drawing = new Drawing(extension);
    this.#subscriptions = [
      annotations.onDidChange((path) => this.#redraw(path)),
      vscode.window.onDidChangeVisibleTextEditors(() => this.#redrawAll()),
      vscode.window.onDidChangeActiveColorTheme(() => this.#restyle()),
      vscode.window.onDidChangeTextEditorOptions(({ textEditor }) => void this.#draw(textEditor)),
      vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => {
        if (this.#folds.update(textEditor)) void this.#draw(textEditor);
      }),
      vscode.workspace.onDidChangeTextDocument((event) => void this.#follow(event)),
      vscode.workspace.onDidChangeConfiguration((event) => this.#readSettings(event)),
    ];
  }

  /** Says how wide editors are; undefined: nobody knows. */
  setWidth(width: EditorWidth | undefined): void {
    if (width?.pixels === this.#width?.pixels && width?.columnPart === this.#width?.columnPart) {
      return;
    }
    this.#width = width;
    this.#redrawAll();
  }

  /** What is drawn in the editors that show a file; empty when none does. For tests. */
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

  #readSettings(event: vscode.ConfigurationChangeEvent): void {
    this.#settings = viewSettings();
    this.#looks.forget();
    if (event.affectsConfiguration('workbench.colorCustomizations')) this.#restyle();
    else if (['lineheat', 'editor'].some((name) => event.affectsConfiguration(name))) {
      this.#redrawAll();
    }
  }

  #restyle(): void {
    this.#drawing.restyle();
    this.#redrawAll();
  }

  /** Draws a file whose annotations are new. */
  #redraw(path: string): void {
    const { hottest } = this.#annotations;
    if (hottest !== this.#hottest) {
      // A full bar stands for the hottest line, in every file.
      this.#hottest = hottest;
      this.#redrawAll();
      return;
    }
    if (!this.#annotations.file(path)) this.#drawn.delete(path);
    for (const editor of vscode.window.visibleTextEditors) void this.#draw(editor, path);
  }

  #redrawAll(): void {
    this.#drawn.clear();
    for (const editor of vscode.window.visibleTextEditors) void this.#draw(editor);
  }

  /** Draws the file of an editor; only if it is this one, where a real path is given. */
  async #draw(editor: vscode.TextEditor, onlyPath?: string): Promise<void> {
    if (editor.document.uri.scheme !== 'file') return;
    const path = await this.#annotations.realPath(editor.document.uri);
    if (onlyPath !== undefined && path !== onlyPath) return;
    this.#folds.update(editor);
    this.#drawFile(editor, path);
  }

  /** written: the lines that the last edit has written, where that is known. */
  #drawFile(editor: vscode.TextEditor, path: string, written?: Written): void {
    const { document } = editor;
    const { show, maxColumn, figures, fullBar } = this.#settings;
    const { tabSize } = editor.options;
    const look = this.#looks.of(document);
    const placed = placeAnnotations(
      show ? this.#shownIn(editor, path) : [],
      (line) => (line < document.lineCount && line >= 0 ? document.lineAt(line).text : undefined),
      {
        tabSize: typeof tabSize === 'number' ? tabSize : 4,
        maxColumn,
        isCompact: figures === 'compact',
        room: figures === 'auto' && this.#width ? columnsIn(this.#width, look) : undefined,
        isWrapped: look.isWrapped,
      },
    );
    const full = fullBar === 'run' ? 1 : this.#hottest || 1;
    this.#drawing.draw(editor, placed, full, look.font, written);
    if (placed.length === 0 && !this.#drawn.has(path)) return;
    this.#drawn.set(path, placed);
  }

  /** The annotations that an editor has room for: lines that are folded away have none. */
  #shownIn(editor: vscode.TextEditor, path: string): readonly LineAnnotation[] {
    const functions = this.#annotations.file(path)?.functions ?? [];
    return withFolds(this.#annotations.of(path), functions, this.#folds.of(editor));
  }

  /** Keeps annotations beside their lines while the user types, until the server sends new ones. */
  async #follow({ document, contentChanges }: vscode.TextDocumentChangeEvent): Promise<void> {
    if (document.uri.scheme !== 'file' || contentChanges.length === 0) return;
    const path = await this.#annotations.realPath(document.uri);
    if (!this.#annotations.file(path)) return;
    const began = performance.now();
    const changes = contentChanges.map(lineChangeOf);
    this.#annotations.edit(path, changes);
    const written = writtenBy(changes);
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document !== document) continue;
      for (const change of changes) this.#folds.shift(editor, change.startLine, lineDelta(change));
      this.#drawFile(editor, path, written);
    }
    const hasMovedLines = changes.some(
      ({ startLine, endLine, text }) => startLine !== endLine || text.includes('\n'),
    );
    if (hasMovedLines) this.#drawAnewSoon();
    this.followsMs.push(performance.now() - began);
    if (this.followsMs.length > mostEdits) this.followsMs.shift();
  }

  /**
   * Draws everything anew once the user pauses: decorations that were sent while VS Code took the next edit stand where
   * lines were before that edit.
   */
  #drawAnewSoon(): void {
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = setTimeout(() => {
      for (const editor of vscode.window.visibleTextEditors) {
        this.#drawing.forget(editor);
        void this.#draw(editor);
      }
    }, pauseMs);
  }

  dispose(): void {
    clearTimeout(this.#pauseTimer);
    this.#drawing.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}

function lineChangeOf({ range, text }: vscode.TextDocumentContentChangeEvent): LineChange {
  return {
    startLine: range.start.line,
    startCharacter: range.start.character,
    endLine: range.end.line,
    endCharacter: range.end.character,
    text,
  };
}

/** The lines that an edit has written; undefined where they are more than one range. */
function writtenBy(changes: readonly LineChange[]): Written | undefined {
  const [change, another] = changes;
  if (!change || another) return undefined;
  const first = change.startLine;
  return { first, last: first + change.text.split('\n').length - 1 };
}
