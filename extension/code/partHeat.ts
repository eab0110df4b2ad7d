import * as vscode from 'vscode';
import type { LinePart } from '../../protocol/lsp';
import type { Annotations } from './annotations';
import type { Server } from '../client';
import { describe, getLog } from '../messages';
import { viewSettings } from '../settings';

/** Steps of heat, one decoration type each. */
const steps = 8;
/** The caret has to rest this long on a line before the server is asked. */
const restMs = 60;
/** While a program runs, what is underlined is refreshed no more often than this. */
const refreshMs = 1000;
/** Finding the parts of a line may take this share of the server's time; in a huge run it is done less often. */
const askingShare = 0.1;

/** The line whose parts are underlined. */
interface Shown {
  editor: vscode.TextEditor;
  /** 0-based. */
  line: number;
  parts: readonly LinePart[];
}

/** Underlines the parts of the line with the caret in colours of heat, by what they cost. */
export class PartHeat implements vscode.Disposable {
  readonly #types: vscode.TextEditorDecorationType[];
  readonly #subscriptions: vscode.Disposable[];
  #shown: Shown | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** How long the last answer took. */
  #tookMs = 0;
  /** Number of the last request: only its answer is drawn. */
  #lastRequest = 0;
  readonly #server: Server;
  readonly #annotations: Annotations;

  constructor(server: Server, annotations: Annotations) {
    this.#server = server;
    this.#annotations = annotations;
    this.#types = Array.from({ length: steps }, (_, step) =>
      vscode.window.createTextEditorDecorationType({
        // A thicker line marks the large parts for those who cannot tell the colours apart.
        borderWidth: `0 0 ${step < 4 ? 1 : 2}px 0`,
        borderStyle: 'solid',
        borderColor: new vscode.ThemeColor(`lineheat.heat${step}`),
        rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
      }),
    );
    this.#subscriptions = [
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
        if (textEditor === vscode.window.activeTextEditor) this.#soon(restMs);
      }),
      vscode.window.onDidChangeActiveTextEditor(() => this.#soon(restMs)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document === vscode.window.activeTextEditor?.document) this.#soon(restMs);
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('lineheat')) this.#soon(refreshMs);
      }),
      server.onAnnotations(() => this.#refresh()),
    ];
  }

  /** What is underlined: the line, 1-based, and its parts. For tests. */
  get shown(): { line: number; parts: readonly LinePart[] } | undefined {
    return this.#shown && { line: this.#shown.line + 1, parts: this.#shown.parts };
  }

  #soon(ms: number): void {
    const editor = vscode.window.activeTextEditor;
    const isThere =
      editor === this.#shown?.editor && editor?.selection.active.line === this.#shown?.line;
    if (!isThere) this.#clear();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#update().catch((error: unknown) => {
        getLog().warn(`The parts of a line are not known: ${describe(error)}`);
      });
    }, ms);
  }

  /** Figures have changed, or are of another run. */
  #refresh(): void {
    if (this.#timer === undefined) this.#soon(Math.max(refreshMs, this.#tookMs / askingShare));
  }

  async #update(): Promise<void> {
    const request = ++this.#lastRequest;
    const editor = vscode.window.activeTextEditor;
    if (!editor || editor.document.uri.scheme !== 'file') return this.#clear();
    const { show, lineParts } = viewSettings();
    const { document } = editor;
    const line = editor.selection.active.line;
    const path = await this.#annotations.realPath(document.uri);
    const hasFigures = this.#annotations
      .of(path)
      .some((annotation) => annotation.line === line + 1 && !annotation.stale);
    if (!show || !lineParts || !hasFigures) return this.#clear();
    const { version } = document;
    const began = performance.now();
    const { parts } = await this.#server.lineParts({ uri: String(document.uri), line: line + 1 });
    this.#tookMs = performance.now() - began;
    const isCurrent =
      request === this.#lastRequest &&
      document.version === version &&
      editor === vscode.window.activeTextEditor &&
      editor.selection.active.line === line;
    if (isCurrent) this.#draw(editor, line, parts);
  }

  #draw(editor: vscode.TextEditor, line: number, parts: readonly LinePart[]): void {
    if (this.#shown?.editor !== editor) this.#clear();
    this.#types.forEach((type, step) =>
      editor.setDecorations(
        type,
        parts
          .filter(({ heat }) => heat === step)
          .map(({ start, end }) => new vscode.Range(line, start, line, end)),
      ),
    );
    this.#shown = parts.length > 0 ? { editor, line, parts } : undefined;
  }

  #clear(): void {
    if (!this.#shown) return;
    const { editor } = this.#shown;
    this.#shown = undefined;
    for (const type of this.#types) editor.setDecorations(type, []);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const part of [...this.#types, ...this.#subscriptions]) part.dispose();
  }
}
