// What the journeys do with Lineheat again and again.
import { join } from 'node:path';
import { expect } from 'vitest';
import { drawnLines, type DrawnLine } from './editorView';
import { until } from './until';
import type { VsCode } from './vscode';
import { clickTitleButton, screenshot } from './window';

export interface Message {
  severity: 'information' | 'warning' | 'error';
  text: string;
}

/** Everything Lineheat told the user so far. */
export function messages(vs: VsCode): Promise<Message[]> {
  return vs.companion.lineheat((lineheat) => [...lineheat.messages()], null);
}

/** Opens a file of the folder and clicks Profile in the editor's title, as a person does. */
export async function profile(vs: VsCode, name: string): Promise<void> {
  await vs.open(name);
  await clickTitleButton(vs.page, 'Profile This File');
}

/** Waits for the run to be over and returns the one sentence that says how it went. */
export async function ended(vs: VsCode, before: number, milliseconds = 40_000): Promise<Message> {
  const message = await until(
    'Lineheat says how the run went',
    async () => (await messages(vs)).slice(before).at(-1),
    milliseconds,
    150,
  );
  await until(
    'nothing is running',
    () => vs.companion.lineheat((lineheat) => lineheat.runState() === 'idle', null),
    10_000,
  );
  return message;
}

/** Profiles a file to its end; returns the sentence at the end. */
export async function profileToEnd(
  vs: VsCode,
  name: string,
  milliseconds = 40_000,
): Promise<Message> {
  const before = (await messages(vs)).length;
  await profile(vs, name);
  return ended(vs, before, milliseconds);
}

/** Waits until the editor shows annotations that satisfy a condition. */
export function annotated(
  vs: VsCode,
  what: string,
  condition: (lines: DrawnLine[]) => boolean,
  milliseconds = 15_000,
): Promise<DrawnLine[]> {
  return until(
    what,
    async () => {
      const lines = (await drawnLines(vs.page)).filter(({ after }) => after !== '');
      return condition(lines) && lines;
    },
    milliseconds,
  );
}

/** What Lineheat says it drew beside a file of the folder. */
export function ledger(vs: VsCode, name: string) {
  return vs.companion.lineheat(
    (lineheat, path) => [...lineheat.annotations(path)],
    join(vs.folder, name),
  );
}

/** 1-based number of the only line of a text that contains a piece of it. */
export function lineOf(text: string, piece: string): number {
  const found = text
    .split('\n')
    .flatMap((line, index) => (line.includes(piece) ? [index + 1] : []));
  expect(found, `“${piece}” is in exactly one line`).toHaveLength(1);
  return found[0]!;
}

/** On failure, keeps what can explain it: a picture, the window's errors and Lineheat's log. */
export async function keepEvidence(vs: VsCode | undefined, name: string): Promise<void> {
  if (!vs) return;
  await screenshot(vs.page, `failed-${name}`).catch(() => undefined);
  console.log(`${name}: errors of the window:\n${vs.errors.join('\n')}\n${vs.logs()}`);
}
