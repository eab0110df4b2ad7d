import * as vscode from 'vscode';
import { defaultThresholdPercent } from '../profile/words/threshold';
import { defaultLimitBytes, metrics, type Metric, type ServerSettings } from '../protocol/lsp';
import { expand, scopeOf, settingPlace } from './run/variables';

const section = 'lineheat';
const defaultRuns = 10;

/** A setting, for a resource where it may differ; `fallback` where it is unset or has a value of another type. */
function read<T extends string | number | boolean>(
  key: string,
  fallback: T,
  resource?: vscode.Uri,
): T {
  const value = vscode.workspace.getConfiguration(section, resource ?? null).get<unknown>(key);
  return typeof value === typeof fallback ? (value as T) : fallback;
}

/** A setting with some choices; the first of them where it is unset or has another value. */
function choose<Choice extends string>(
  key: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const value = read<string>(key, choices[0]);
  return choices.find((choice) => choice === value) ?? choices[0];
}

function readRecord(key: string, resource?: vscode.Uri): Record<string, string> {
  const value = vscode.workspace.getConfiguration(section, resource ?? null).get<unknown>(key);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, String(item)]));
}

function readList(key: string, resource?: vscode.Uri): string[] {
  const value = vscode.workspace.getConfiguration(section, resource ?? null).get<unknown>(key);
  return Array.isArray(value) ? value.map(String) : [];
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
  return {
    interpreter: read('interpreter', '', resource),
    args: readList('args', resource),
    cwd: read('cwd', '', resource),
    env: readRecord('env', resource),
    envFile: read('envFile', '', resource),
    intervalUs: read('intervalUs', 1000, resource),
    memory: read('memory', true, resource),
  };
}

/** Settings of how figures are shown: beside the code, in the flame chart and in the Explorer. */
export function viewSettings(): {
  show: boolean;
  maxColumn: number;
  /** What stands beside the code: as much as fits, everything, or value and share only. */
  figures: 'auto' | 'full' | 'compact';
  /** What a full bar stands for: the hottest line of the run, or the run. */
  fullBar: 'hottest line' | 'run';
  /** Whether the parts of the line with the caret are underlined. */
  lineParts: boolean;
  openFlameChart: boolean;
  flameChartPlace: 'below' | 'beside' | 'panel';
  nativeFrames: boolean;
  explorerBadges: boolean;
  onlyMyCode: boolean;
} {
  return {
    show: read('showAnnotations', true),
    maxColumn: read('maxColumn', 80),
    figures: choose('figures', ['auto', 'full', 'compact']),
    fullBar: choose('fullBar', ['hottest line', 'run']),
    lineParts: read('lineParts', true),
    openFlameChart: read('openFlameChart', false),
    flameChartPlace: choose('flameChartPlace', ['below', 'beside', 'panel']),
    nativeFrames: read('nativeFrames', true),
    explorerBadges: read('explorerBadges', false),
    onlyMyCode: read('onlyMyCode', false),
  };
}

/** keepRunsOfUser: what the user's own settings say, without those of this workspace. */
export function storageSettings(): { folder: string; keepRuns: number; keepRunsOfUser: number } {
  const ofUser = vscode.workspace.getConfiguration(section).inspect<unknown>('keepRuns');
  const everywhere = ofUser?.globalValue ?? ofUser?.defaultValue;
  return {
    folder: read('storageFolder', ''),
    keepRuns: Math.max(1, read('keepRuns', defaultRuns)),
    keepRunsOfUser: Math.max(1, typeof everywhere === 'number' ? everywhere : defaultRuns),
  };
}

/** What the recordings of a run may take of the disk, bytes; undefined: without limit. */
export function recordingLimit(): number | undefined {
  const megabytes = read('recordingLimitMB', defaultLimitBytes / 1e6);
  return megabytes > 0 ? megabytes * 1e6 : undefined;
}

/** The metric that the user chose; CPU time where the setting is none. */
export function currentMetric(): Metric {
  const value = read('metric', 'cpu');
  return metrics.find((metric) => metric === value) ?? 'cpu';
}

/** Saves a setting of this extension: in the workspace if it has a value there, else in the user's settings. */
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
    thresholdPercent: read('thresholdPercent', defaultThresholdPercent),
    codeLens: read('codeLens', false),
    inlayHints: read('inlayHints', false),
    pathMappings: Object.entries(readRecord('pathMappings')).map(([from, to]) => [
      from,
      expand(to, scopeOf(), settingPlace('pathMappings')),
    ]),
    onlyMyCode: viewSettings().onlyMyCode,
    libraryPatterns: readList('libraryPatterns'),
  };
}
