import * as vscode from 'vscode';
import { metrics, type Metric, type ServerSettings } from '../protocol/lsp';
import { expand, scopeOf } from './variables';

const section = 'linescope';
const defaultRuns = 20;

/** Typed access to one setting; undefined when it is unset or of another type than its default. */
function read<T extends string | number | boolean>(
  key: string,
  fallback: T,
  resource?: vscode.Uri,
): T {
  const value = vscode.workspace.getConfiguration(section, resource ?? null).get<unknown>(key);
  return typeof value === typeof fallback ? (value as T) : fallback;
}

function readRecord(key: string, resource?: vscode.Uri): Record<string, string> {
  const value = vscode.workspace.getConfiguration(section, resource ?? null).get<unknown>(key);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, String(item)]));
}

/** Settings of how programs run, for one file. Variables are not expanded yet. */
export interface RunSettings {
  interpreter: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  envFile: string;
  intervalUs: number;
  memory: boolean;
}

export function runSettings(resource: vscode.Uri | undefined): RunSettings {
  const args = vscode.workspace.getConfiguration(section, resource ?? null).get<unknown>('args');
  return {
    interpreter: read('interpreter', '', resource),
    args: Array.isArray(args) ? args.map(String) : [],
    cwd: read('cwd', '', resource),
    env: readRecord('env', resource),
    envFile: read('envFile', '', resource),
    intervalUs: read('intervalUs', 1000, resource),
    memory: read('memory', true, resource),
  };
}

/** Settings of how annotations look. */
export function viewSettings(): {
  show: boolean;
  maxColumn: number;
  /** What a full bar stands for: the hottest line of the run, or the run. */
  fullBar: 'hottest line' | 'run';
  openFlameChart: boolean;
  flameChartPlace: 'below' | 'beside';
  nativeFrames: boolean;
} {
  return {
    show: read('showAnnotations', true),
    maxColumn: read('maxColumn', 80),
    fullBar: read<string>('fullBar', 'hottest line') === 'run' ? 'run' : 'hottest line',
    openFlameChart: read('openFlameChart', false),
    flameChartPlace: read<string>('flameChartPlace', 'beside') === 'below' ? 'below' : 'beside',
    nativeFrames: read('nativeFrames', true),
  };
}

/** keepRunsOfUser: what the user says for everywhere, whatever this workspace says for itself. */
export function storageSettings(): { folder: string; keepRuns: number; keepRunsOfUser: number } {
  const ofUser = vscode.workspace.getConfiguration(section).inspect<unknown>('keepRuns');
  const everywhere = ofUser?.globalValue ?? ofUser?.defaultValue;
  return {
    folder: read('storageFolder', ''),
    keepRuns: Math.max(1, read('keepRuns', defaultRuns)),
    keepRunsOfUser: Math.max(1, typeof everywhere === 'number' ? everywhere : defaultRuns),
  };
}

/** What the recordings of a run may take of the disk, bytes; undefined: anything. */
export function recordingLimit(): number | undefined {
  const megabytes = read('recordingLimitMB', 2000);
  return megabytes > 0 ? megabytes * 1e6 : undefined;
}

export function currentMetric(): Metric {
  const value = read('metric', 'cpu');
  return metrics.find((metric) => metric === value) ?? 'cpu';
}

/** Saves a setting where it already has a value, else for the user. */
export async function update(key: string, value: string | boolean): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(section);
  const found = configuration.inspect(key);
  await configuration.update(
    key,
    value,
    found?.workspaceValue === undefined
      ? vscode.ConfigurationTarget.Global
      : vscode.ConfigurationTarget.Workspace,
  );
}

/** The part of the settings that the server acts on. */
export function serverSettings(): ServerSettings {
  return {
    metric: currentMetric(),
    thresholdPercent: read('thresholdPercent', 1),
    codeLens: read('codeLens', false),
    inlayHints: read('inlayHints', false),
    pathMappings: Object.entries(readRecord('pathMappings')).map(([from, to]) => [
      from,
      expand(to, scopeOf(), 'The setting linescope.pathMappings'),
    ]),
  };
}
