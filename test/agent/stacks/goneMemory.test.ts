/**
 * Memory that is given back, and used again for something else, while a sampler may still know it: the program goes on
 * as it would alone, and nothing is taken for what was there before.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { decode } from '../decode';
import { Folders, mark, program, profile, recordings, run, underAgent } from '../programs';
import { greenletFolder, pythons } from '../pythons';
import { lineOf } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());
const often = { LINEHEAT_INTERVAL_US: '200', LINEHEAT_BUDGET_PERMILLE: '0' };
const timeout = 90_000;

describe.each(pythons)('Python $name', (python) => {
  test(
    'generators at the edge of a data stack chunk run as without the agent',
    { timeout },
    async () => {
      const args = [program('stacks/generator_chunks.py'), '1'];
      const ended = await run(python.path, args, { env: underAgent(folders.make(), often) });
      expect(ended).toEqual({ code: 0, signal: null, stdout: 'fine\n', stderr: '' });
    },
  );

  const isX64 = process.arch === 'x64';
  test.runIf(isX64)(
    'time in an unloaded library is not charged to the library at the same address',
    { timeout },
    async () => {
      const path = program('stacks/unloaded_code.py');
      const ended = await profile(python.path, [path], folders.make(), {});
      expect(ended).toMatchObject({ code: 0, signal: null, stderr: expect.any(String) as string });
      const [first = 0, second = 0, third = 0, reused] = ended.stdout.split(' ').map(Number);
      const { native } = lineOf(ended.report, path, mark(path, 'use'));
      const of = (name: RegExp) =>
        native
          .filter(({ symbol }) => name.test(symbol))
          .reduce((sum, { self_s }) => sum + self_s, 0);
      const said = JSON.stringify({ first, second, third, reused, native });
      // A tenth of a second is some 25 ticks: a fifth of them, twice over, is chance.
      expect(of(/^first_spin$/) / first, said).toBeGreaterThan(0.5);
      expect(of(/^first_spin$/) / first, said).toBeLessThan(1.6);
      expect(of(/^third_spin$/) / third, said).toBeGreaterThan(0.5);
      expect(of(/^third_spin$/) / third, said).toBeLessThan(1.6);
      // The file that it was in is another one now.
      expect(of(/^second_spin\.so\+0x|^\(no symbol\)$/) / second, said).toBeGreaterThan(0.5);
    },
  );

  test.runIf(python.minor < 15)(
    'greenlets that swap their stacks run as without the agent, and stacks are never mixed',
    { timeout },
    async () => {
      const runDir = folders.make();
      const env = underAgent(runDir, { ...often, PYTHONPATH: await greenletFolder(python) });
      const ended = await run(python.path, [program('stacks/greenlets.py'), '1'], { env });
      expect(ended).toEqual({ code: 0, signal: null, stdout: 'fine\n', stderr: '' });
      const recording = decode(recordings(runDir)[0]!);
      const stacks = new Set(recording.samples.map(({ stack }) => stack));
      const colours = (stack: number) =>
        new Set(
          recording
            .frames(stack)
            .filter(({ file }) => /^(red|green|blue|black|white|grey)\.py$/.test(file))
            .map(({ file }) => file),
        );
      const mixed = [...stacks].filter((stack) => stack !== 0 && colours(stack).size > 1);
      expect(mixed.map((stack) => recording.frames(stack).map(({ name }) => name))).toEqual([]);
      const seen = new Set([...stacks].flatMap((stack) => (stack ? [...colours(stack)] : [])));
      expect(seen.size).toBe(6);
      // A fifth of the time is spent in switches, and most of that can be told.
      const { rejected, samples } = recording.stats!;
      expect(rejected / (rejected + samples), `${rejected} of ${samples}`).toBeLessThan(0.1);
    },
  );
});
