import type { ChildProcess } from 'node:child_process';
import type { CodeServer } from './install.mjs';

export interface RunningServer {
  url: string;
  port: number;
  /** Folder in which VS Code keeps its logs. */
  logs: string;
  child: ChildProcess;
  stop(): Promise<void>;
}
export const quietSettings: Record<string, unknown>;
export function findDesktop(): string | null;
export function openDesktop(
  code: string,
  target: { vsix: string; folder: string; file: string },
): Promise<void>;
export function installExtensions(
  server: CodeServer,
  options: { state: string; extensions?: string; vsix: string[] },
): Promise<void>;
export function writeSettings(state: string, settings: Record<string, unknown>): void;
export function startCodeServer(
  server: CodeServer,
  options: {
    state: string;
    /** Folder of installed extensions, when it is not in state. */
    extensions?: string;
    port?: number;
    host?: string;
    env?: Record<string, string>;
    /** False: whether a folder is trusted is up to the settings. */
    trust?: boolean;
  },
): Promise<RunningServer>;
export function windowUrl(url: string, folder: string, file?: string): string;
