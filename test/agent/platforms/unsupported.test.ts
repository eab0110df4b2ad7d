/** Programs that the agent cannot follow: they run as if it were not there, or are not started and the user is told why. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, program, recordings, run, show, tool, underAgent } from '../programs';
import { unsupportedPythons } from '../pythons';

const folders = new Folders();
afterAll(() => folders.clear());

// A machine with no old interpreters has nothing to test here.
describe.each(unsupportedPythons)('Python $name', (python) => {
  test('runs under the agent as without it', async () => {
    const folder = folders.make();
    const args = [program('processes/anywhere.py'), join(folder, 'started')];
    const bare = await run(python.path, args);
    const runDir = folders.make();
    const watched = await run(python.path, args, { env: underAgent(runDir) });
    expect(bare.code).toBe(3);
    expect(watched).toEqual(bare);
    for (const recording of recordings(runDir)) {
      const { report } = await show(recording, folder);
      expect(report!.notes.map(({ text }) => text).join()).toMatch(/Python|CPython/);
    }
  });

  test('is not started by the command line tool, with a sentence that says why', async () => {
    const folder = folders.make();
    const started = join(folder, 'started');
    const words = [tool, 'run', '--python', python.path, program('processes/anywhere.py'), started];
    const ended = await run(process.execPath, words);
    expect(ended.code).toBe(2);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toMatch(
      /^lineheat: The native engine needs CPython 3\.9.*this is Python \d.*was not started.*\n$/,
    );
    expect(existsSync(started)).toBe(false);
  });
});

test('a program that is not Python runs as without the agent', async () => {
  const args = ['-c', 'echo out; echo err >&2; exit 7'];
  const runDir = folders.make();
  const watched = await run('/bin/sh', args, { env: underAgent(runDir) });
  expect(watched).toEqual(await run('/bin/sh', args));
  expect(recordings(runDir)).toEqual([]);
});

test('a program runs as without the agent when the recording’s folder does not exist', async () => {
  const args = [program('processes/anywhere.py'), join(folders.make(), 'started')];
  const watched = await run('python3', args, { env: underAgent('/nowhere/at/all') });
  expect(watched).toEqual(await run('python3', args));
});
