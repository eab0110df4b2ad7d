// A program that says which Python runs it and with what, and the settings that decide it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { until } from './until';
import type { VsCode } from './vscode';

/** Says what it was started with. */
export const who = `import json
import os
import shutil
import sys

said = {
    "executable": sys.executable,
    "prefix": sys.prefix,
    "python": shutil.which("python"),
    "args": sys.argv[1:],
    "cwd": os.getcwd(),
    "env": {name: value for name, value in os.environ.items() if name.startswith("WHO_")},
}
for name, value in said.items():
    print(name, json.dumps(value))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "said.json"), "w") as file:
    json.dump(said, file)
`;

export interface Said {
  executable: string;
  prefix: string;
  python: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}

/** Makes a virtual environment, which is an interpreter that can be told from others. */
export function makeEnvironment(folder: string): void {
  execFileSync('python3', ['-m', 'venv', '--without-pip', folder]);
}

/** What who.py wrote down since this was asked last; undefined when it did not run. */
export function said(vs: VsCode, folder = ''): Said | undefined {
  const file = join(vs.folder, folder, 'said.json');
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  rmSync(file);
  return JSON.parse(text) as Said;
}

/** Waits until nothing is running, and makes sure that nothing ran. */
export async function expectNotStarted(vs: VsCode): Promise<void> {
  await until('nothing is running', () => isIdle(vs));
  expect(said(vs), 'the program did not run').toBeUndefined();
}

/** Sets settings of the user; undefined removes one. */
export async function set(vs: VsCode, settings: Record<string, unknown>): Promise<void> {
  await vs.companion.ask(async (vscode, entries) => {
    const configuration = vscode.workspace.getConfiguration('lineheat');
    for (const [name, value] of entries) {
      await configuration.update(name, value ?? undefined, vscode.ConfigurationTarget.Global);
    }
  }, Object.entries(settings));
}

export function isIdle(vs: VsCode): Promise<boolean> {
  return vs.companion.lineheat((lineheat) => lineheat.runState() === 'idle', null);
}
