/**
 * No stack that the program cannot have. Programs in which everything calls everything, from Python and from compiled
 * code, are sampled thousands of times a second: a sampler that reads a moving target shows frames of two chains in one
 * stack within the second. 20,000 samples per interpreter; `npm run test:stacks` takes a million, and
 * `LINESCOPE_STACK_MINUTES=10 npm run test:stacks` samples for that long.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { decode, type Frame } from './decode';
import { Folders, program, recordings, run, underAgent } from './programs';
import { pythons } from './pythons';

const wanted = process.env['LINESCOPE_FULL'] ? 1_000_000 : 20_000;
const minutes = Number(process.env['LINESCOPE_STACK_MINUTES'] ?? 0);
// Of CPU time of one run.
const runSeconds = wanted > 20_000 || minutes > 0 ? 8 : 1;
const threadRoot = ['_bootstrap', '_bootstrap_inner', 'run'];

/** What calls what in a program, as the marks in it say. */
class Grammar {
  readonly path: string;
  /** `caller:line` → callees. */
  readonly #calls = new Map<string, string[]>();
  /** Lines of each function, first and last. */
  readonly #spans = new Map<string, [number, number]>();
  readonly #length: number;

  constructor(name: string) {
    this.path = program(name);
    const source = readFileSync(this.path, 'utf8').split('\n');
    this.#length = source.length;
    source.forEach((text, index) => {
      const call = / # mark: (\S+) (\S+)$/.exec(text);
      if (call) this.#calls.set(`${call[1]}:${index + 1}`, call[2]!.split('|'));
      const name = /^ *def (\w+)/.exec(text)?.[1];
      if (!name) return;
      const rest = source.slice(index + 1);
      const end = rest.findIndex((line) => /^ {0,4}(def|class|@)|^\S/.test(line));
      // A frame that has not begun is at its decorator.
      const begin = /^ *@/.test(source[index - 1] ?? '') ? index : index + 1;
      this.#spans.set(name, [begin, end < 0 ? source.length : index + end]);
    });
  }

  /** What is impossible about a stack, outermost frame first; undefined when it can be. */
  impossible(frames: Frame[]): string | undefined {
    const real = frames.filter(({ isShim }) => !isShim);
    const first = real.findIndex(({ file }) => file === this.path);
    if (first < 0) return undefined;
    const roots = real.slice(0, first).map(({ name }) => name);
    const start = real[first]!.name;
    const isRoot =
      start === '<module>' ? first === 0 : start === 'work' && roots.join() === threadRoot.join();
    if (!isRoot) return `${[...roots, start].join(' → ')} is no way to begin`;
    for (let at = first; at < real.length; at++) {
      const { name, line, file } = real[at]!;
      const callee = real[at + 1];
      if (file !== this.path)
        return name === '<module>' ? undefined : `${name} in ${file} is called by nobody`;
      if (!callee) return this.#outside(name, line);
      // The module starts and joins a thread and imports: library code from there on.
      if (name === '<module>' && callee.file !== this.path) return undefined;
      if (!this.#calls.get(`${name}:${line}`)?.includes(callee.name)) {
        return `${name}, line ${line}, does not call ${callee.name}`;
      }
    }
    return undefined;
  }

  /** The innermost frame can be anywhere in its function, and nowhere else. */
  #outside(name: string, line: number): string | undefined {
    const [first, last] = this.#spans.get(name) ?? [1, this.#length];
    return line !== 0 && (line < first || line > last) ? `${name} has no line ${line}` : undefined;
  }
}

const grammars = [new Grammar('two_chains.py'), new Grammar('callbacks.py')];
const folders = new Folders();
afterAll(() => folders.clear());

/** Everything that was seen of one program on one interpreter. */
class Tally {
  samples = 0;
  rejected = 0;
  deep = 0;
  seconds = 0;
  readonly found = new Map<string, number>();
  readonly seen = new Set<string>();

  /** Runs the program once more and adds what the agent saw. */
  async add(python: string, grammar: Grammar): Promise<void> {
    const env = { LINESCOPE_INTERVAL_US: '50', LINESCOPE_BUDGET_PERMILLE: '0' };
    const runDir = folders.make();
    const started = Date.now();
    const args = [grammar.path, String(runSeconds)];
    const ended = await run(python, args, { env: underAgent(runDir, env) });
    this.seconds += (Date.now() - started) / 1000;
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    const recording = decode(recordings(runDir)[0]!);
    const before = this.samples;
    // Many samples share a stack, and a stack is possible or not whoever took it.
    const judged = new Map<number, { why: string | undefined; isDeep: boolean }>();
    for (const { stack, state, remainder } of recording.samples) {
      if (state !== 'running' || remainder || stack === 0) continue;
      this.samples++;
      let judgement = judged.get(stack);
      if (!judgement) {
        const frames = recording.frames(stack);
        judgement = { why: grammar.impossible(frames), isDeep: frames.length > 2 };
        judged.set(stack, judgement);
        this.seen.add(frames.map(({ name }) => name).join('/'));
      }
      if (judgement.isDeep) this.deep++;
      if (judgement.why !== undefined) {
        this.found.set(judgement.why, (this.found.get(judgement.why) ?? 0) + 1);
      }
    }
    this.rejected += recording.stats?.rejected ?? 0;
    folders.clear();
    if (this.samples - before < 100) throw new Error('The agent took hardly any samples.');
  }
}

async function hammer(python: string, grammar: Grammar, isEnough: (tally: Tally) => boolean) {
  const tally = new Tally();
  do await tally.add(python, grammar);
  while (!isEnough(tally));
  const { samples, rejected, deep, seconds, found, seen } = tally;
  const impossible = [...found.values()].reduce((a, b) => a + b, 0);
  console.log(
    `${python}, ${basename(grammar.path)}: ${samples} samples, ${Math.round(samples / seconds)} per second, ` +
      `${impossible} impossible, ${((100 * rejected) / samples).toFixed(2)} % rejected, ${seen.size} different stacks`,
  );
  expect(Object.fromEntries(found)).toEqual({});
  expect(rejected / samples).toBeLessThan(0.03);
  // The program did what it is for, and it was seen.
  expect(deep / samples).toBeGreaterThan(0.5);
  expect(seen.size).toBeGreaterThan(20);
}

describe.each(pythons)('Python $name', (python) => {
  const timeout = Math.max(600_000, wanted * 2, minutes * 120_000);
  test.each(grammars)('no sample is impossible: $path', { timeout }, async (grammar) => {
    const share = wanted / grammars.length;
    const end = Date.now() + (minutes * 60_000) / grammars.length;
    await hammer(python.path, grammar, ({ samples }) =>
      minutes > 0 ? Date.now() > end : samples >= share,
    );
  });
});
