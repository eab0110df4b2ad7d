import * as vscode from 'vscode';

/** What settings say about editors of a language. */
export interface EditorLook {
  /** Size of the font, pixels. */
  font: number;
  isWrapped: boolean;
  hasMinimap: boolean;
}

/** How wide editors are, CSS pixels, and how wide a column of code is, as a part of the size of the font. */
export interface EditorWidth {
  pixels: number;
  columnPart: number;
}

/** Line numbers, folding controls, the mark of heat and the scroll bar. */
const gutterPixels = 85;

/** Settings of editors by language, kept because a keystroke has no time to read them. */
export class EditorLooks {
  readonly #byLanguage = new Map<string, EditorLook>();

  of(document: vscode.TextDocument): EditorLook {
    const { languageId } = document;
    let look = this.#byLanguage.get(languageId);
    if (!look) {
      const settings = vscode.workspace.getConfiguration('editor', document);
      look = {
        font: settings.get('fontSize', 14),
        isWrapped: settings.get('wordWrap', 'off') !== 'off',
        hasMinimap: settings.get('minimap.enabled', true),
      };
      this.#byLanguage.set(languageId, look);
    }
    return look;
  }

  /** Settings have changed. */
  forget(): void {
    this.#byLanguage.clear();
  }
}

/** About how many columns of code an editor shows beside its gutter and its minimap. */
export function columnsIn({ pixels, columnPart }: EditorWidth, look: EditorLook): number {
  const minimap = look.hasMinimap ? Math.min(120, 0.12 * pixels) : 0;
  return Math.floor((pixels - gutterPixels - minimap) / (columnPart * look.font));
}
