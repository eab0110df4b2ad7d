/** Everything that has ever led a sampler astray, for a moment (`npm run test:stress` does it for longer). */
import { afterAll, describe, expect, test } from 'vitest';
import { Folders } from '../programs';
import { pythons } from '../pythons';
import { stress, stressBare } from '../stressRun';

const folders = new Folders();
afterAll(() => folders.clear());

describe.each(pythons)('Python $name', (python) => {
  test(
    'the stress program prints the same as without the agent',
    { timeout: 120_000 },
    async () => {
      const bare = await stressBare(python);
      expect(bare.stdout).toMatch(/^fine \d+\n$/);
      const runDir = folders.make();
      const ended = await stress(python, { seconds: 2, seed: python.minor, memory: true, runDir });
      expect(ended).toEqual(bare);
    },
  );
});
