import * as vscode from 'vscode';

/** Where a flame chart is drawn: a tab in the editor area, or a view in the panel below all of it. */
export interface Surface {
  readonly webview: vscode.Webview;
  readonly visible: boolean;
  /** Below all editors, and not one of their tabs. */
  readonly isInPanel: boolean;
  /** The surface became visible or hidden. */
  readonly onDidChangeView: (listener: () => void) => vscode.Disposable;
  readonly onDidDispose: (listener: () => void) => vscode.Disposable;
  /** Brings the surface to the front; the keyboard stays where it is. */
  reveal(): void;
  /** Names the run that is shown; undefined: none. */
  say(title: string | undefined): void;
}

const name = 'Flame Chart';

/** A tab in the editor area. */
export function tabSurface(panel: vscode.WebviewPanel, extensionUri: vscode.Uri): Surface {
  panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'flame.svg');
  return {
    webview: panel.webview,
    isInPanel: false,
    get visible() {
      return panel.visible;
    },
    onDidChangeView: (listener) => panel.onDidChangeViewState(listener),
    onDidDispose: (listener) => panel.onDidDispose(listener),
    reveal: () => panel.reveal(undefined, true),
    say: (title) => (panel.title = title === undefined ? name : `${name}: ${title}`),
  };
}

/** The view in the panel below the editors. */
export function viewSurface(view: vscode.WebviewView): Surface {
  return {
    webview: view.webview,
    isInPanel: true,
    get visible() {
      return view.visible;
    },
    onDidChangeView: (listener) => view.onDidChangeVisibility(listener),
    onDidDispose: (listener) => view.onDidDispose(listener),
    reveal: () => view.show(true),
    say: (title) => {
      if (title === undefined) delete view.description;
      else view.description = title;
    },
  };
}
