import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import type { Annotations } from './annotations';
import type { Server } from '../client';
import { badgeOf, type Badge } from './badge';
import type { Runs } from '../run/runs';
import { viewSettings } from '../settings';

/** The Explorer is drawn again no more often than this while a program runs. */
const refreshMs = 1000;

/** Marks files with hot lines in the Explorer by the share of their hottest line, where the setting asks for it. */
export class Badges implements vscode.FileDecorationProvider, vscode.Disposable {
  readonly #annotations: Annotations;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeFileDecorations = this.#changed.event;
  readonly #subscriptions: vscode.Disposable[];
  #badges = new Map<string, Badge>();
  #timer: NodeJS.Timeout | undefined;

  constructor(server: Server, runs: Runs, annotations: Annotations) {
    this.#annotations = annotations;
    this.#subscriptions = [
      vscode.window.registerFileDecorationProvider(this),
      server.onAnnotations(() => this.#soon()),
      runs.onDidChange(() => this.#soon()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('lineheat.explorerBadges')) this.#soon();
      }),
    ];
  }

  async provideFileDecoration(uri: vscode.Uri): Promise<vscode.FileDecoration | undefined> {
    if (this.#badges.size === 0 || uri.scheme !== 'file') return undefined;
    // Figures are known by real paths, and a folder may be opened through a link.
    const path = await fs.realpath(uri.fsPath).catch(() => uri.fsPath);
    const badge = this.#badges.get(path);
    return badge && new vscode.FileDecoration(badge.text, badge.tooltip);
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#refresh();
    }, refreshMs);
  }

  #refresh(): void {
    const next = new Map<string, Badge>();
    for (const path of viewSettings().explorerBadges ? this.#annotations.paths() : []) {
      const badge = badgeOf(this.#annotations.of(path));
      if (badge) next.set(path, badge);
    }
    if (JSON.stringify([...next]) === JSON.stringify([...this.#badges])) return;
    this.#badges = next;
    this.#changed.fire(undefined);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const item of [this.#changed, ...this.#subscriptions]) item.dispose();
  }
}
