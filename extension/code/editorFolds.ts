import type * as vscode from 'vscode';
import { findFolds, isSameFolds, noFolds, shiftFolds, type Folds } from './folds';

/** Which lines are folded away in each editor. */
export class EditorFolds {
  readonly #folds = new WeakMap<vscode.TextEditor, Folds>();

  of(editor: vscode.TextEditor): Folds {
    return this.#folds.get(editor) ?? noFolds;
  }

  /** Looks at an editor. Returns whether other lines are folded away than before. */
  update(editor: vscode.TextEditor): boolean {
    const before = this.of(editor);
    const visible = editor.visibleRanges.map(({ start, end }) => {
      return { first: start.line, last: end.line };
    });
    const now = findFolds(visible, before);
    this.#folds.set(editor, now);
    return !isSameFolds(now, before);
  }

  /** Moves folds along with an edit: `delta` lines came at `startLine`, 0-based. */
  shift(editor: vscode.TextEditor, startLine: number, delta: number): void {
    this.#folds.set(editor, shiftFolds(this.of(editor), startLine, delta));
  }
}
