/**
 * No stack that the program cannot have. Two chains share a function, and everything calls everything at thousands of
 * samples a second: a sampler that reads a moving target shows frames of both chains in one stack within the second.
 * `npm run test:stacks` takes 100,000 samples per interpreter; without it 20,000.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { decode } from './decode';
import { Folders, recordings, run, underAgent } from './programs';
import { pythons } from './pythons';
import { impossible, twoChains } from './twoChains';

const wanted = process.env['LINESCOPE_FULL'] ? 100_000 : 20_000;
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
      const ended = await run(python.path, [twoChains, '2'], { env: underAgent(runDir, env) });
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
