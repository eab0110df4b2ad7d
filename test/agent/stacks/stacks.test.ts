/**
 * No stack that the program cannot have. Programs in which everything calls everything, from Python and from compiled
 * code, are sampled thousands of times a second: a sampler that reads a moving target shows frames of two chains in one
 * stack within the second. 20,000 samples per interpreter; `npm run test:stacks` takes a million, and
 * `LINEHEAT_STACK_MINUTES=10 npm run test:stacks` samples for that long.
 */
import { basename } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { decode } from '../decode';
import { Folders, recordings, run, underAgent } from '../programs';
import { pythons } from '../pythons';
import { StackGrammar } from '../stackGrammar';

const wanted = process.env['LINEHEAT_FULL'] ? 1_000_000 : 20_000;
const minutes = Number(process.env['LINEHEAT_STACK_MINUTES'] ?? 0);
// Of CPU time of one run.
const runSeconds = wanted > 20_000 || minutes > 0 ? 8 : 1;
const programs = ['two_chains.py', 'callbacks.py'].map((name) => {
  return { name, grammar: new StackGrammar(`stacks/${name}`) };
});
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
  async add(python: string, grammar: StackGrammar): Promise<void> {
    const env = { LINEHEAT_INTERVAL_US: '50', LINEHEAT_BUDGET_PERMILLE: '0' };
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

async function hammer(python: string, grammar: StackGrammar, isEnough: (tally: Tally) => boolean) {
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
  test.each(programs)(
    'no sample has a stack that the program cannot have: $name',
    { timeout },
    async ({ grammar }) => {
      const share = wanted / programs.length;
      const end = Date.now() + (minutes * 60_000) / programs.length;
      await hammer(python.path, grammar, ({ samples }) =>
        minutes > 0 ? Date.now() > end : samples >= share,
      );
    },
  );
});
