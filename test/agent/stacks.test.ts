/**
 * No stack that the program cannot have. Two chains share a function, and everything calls everything at thousands of
 * samples a second: a sampler that reads a moving target shows frames of both chains in one stack within the second.
 * `npm run test:stacks` takes 100,000 samples per interpreter; without it 20,000.
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { decode, type Frame } from './decode';
import { Folders, program, recordings, run, underAgent } from './programs';
import { pythons } from './pythons';

const wanted = process.env['LINESCOPE_FULL'] ? 100_000 : 20_000;
const path = program('two_chains.py');
const source = readFileSync(path, 'utf8').split('\n');

/** `caller:line` → callee, as the marks in the program say. */
const calls = new Map<string, string>();
/** Lines of each function, first and last. */
const spans = new Map<string, [number, number]>();
source.forEach((text, index) => {
  const call = / # mark: (\S+) (\S+)$/.exec(text);
  if (call) calls.set(`${call[1]}:${index + 1}`, call[2]!);
  const name = /^ *def (\w+)/.exec(text)?.[1];
  if (name) {
    const rest = source.slice(index + 1);
    const end = rest.findIndex((line) => /^ {0,4}(def|class)|^\S/.test(line));
    spans.set(name, [index + 1, end < 0 ? source.length : index + end]);
  }
});
const threadRoot = ['_bootstrap', '_bootstrap_inner', 'run'];

/** What is impossible about a stack, outermost frame first; undefined when it can be. */
function impossible(frames: Frame[]): string | undefined {
  const real = frames.filter(({ isShim }) => !isShim);
  const first = real.findIndex(({ file }) => file === path);
  if (first < 0) return undefined;
  const roots = real.slice(0, first).map(({ name }) => name);
  const start = real[first]!.name;
  const isRoot =
    start === '<module>' ? first === 0 : start === 'work' && roots.join() === threadRoot.join();
  if (!isRoot) return `${[...roots, start].join(' → ')} is no way to begin`;
  for (let at = first; at < real.length; at++) {
    const { name, line, file } = real[at]!;
    const callee = real[at + 1];
    if (file !== path)
      return name === '<module>' ? undefined : `${name} in ${file} is called by nobody`;
    if (!callee) return outside(name, line);
    // The module starts and joins a thread and imports: library code from there on.
    if (name === '<module>' && callee.file !== path) return undefined;
    if (calls.get(`${name}:${line}`) !== callee.name) {
      return `${name}, line ${line}, does not call ${callee.name}`;
    }
  }
  return undefined;
}

/** The innermost frame can be anywhere in its function, and nowhere else. */
function outside(name: string, line: number): string | undefined {
  const [first, last] = spans.get(name) ?? [1, source.length];
  return line !== 0 && (line < first || line > last) ? `${name} has no line ${line}` : undefined;
}

const folders = new Folders();
afterAll(() => folders.clear());

describe.each(pythons)('Python $name', (python) => {
  test(`${wanted} samples, none of them impossible`, { timeout: 600_000 }, async () => {
    const env = { LINESCOPE_INTERVAL_US: '50', LINESCOPE_BUDGET_PERMILLE: '0' };
    let samples = 0;
    let rejected = 0;
    let deep = 0;
    const found = new Map<string, number>();
    const seen = new Set<string>();
    while (samples < wanted) {
      const runDir = folders.make();
      const ended = await run(python.path, [path, '2'], { env: underAgent(runDir, env) });
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      const recording = decode(recordings(runDir)[0]!);
      const before = samples;
      for (const { stack, state, remainder } of recording.samples) {
        if (state !== 'running' || remainder || stack === 0) continue;
        samples++;
        const frames = recording.frames(stack);
        if (frames.length > 3) deep++;
        seen.add(frames.map(({ name }) => name).join('/'));
        const why = impossible(frames);
        if (why) found.set(why, (found.get(why) ?? 0) + 1);
      }
      rejected += recording.stats?.rejected ?? 0;
      if (samples - before < 100) throw new Error('The agent took hardly any samples.');
      folders.clear();
    }
    console.log(
      `${python.name}: ${samples} samples, ${[...found.values()].reduce((a, b) => a + b, 0)} impossible, ${rejected} rejected, ${seen.size} different stacks`,
    );
    expect(Object.fromEntries(found)).toEqual({});
    expect(rejected / samples).toBeLessThan(0.02);
    // The program did what it is for, and it was seen.
    expect(deep / samples).toBeGreaterThan(0.5);
    expect(seen.size).toBeGreaterThan(20);
  });
});
