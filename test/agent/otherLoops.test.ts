/** Event loops that are not asyncio's own: their waiting is that of the lines their tasks await on, too. */
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, mark, profile, program } from './programs';
import { eventLoopsFolder, pythons } from './pythons';
import { lineOf } from './report';

const folders = new Folders();
afterAll(() => folders.clear());

const path = program('other_loops.py');
/** What is run, the line that waits, and the one that waits for it. */
const kinds: [string, string, string][] = [
  ['uvloop', 'asyncio', 'gather'],
  ['trio', 'trio', 'nursery'],
  ['anyio-asyncio', 'asyncio', 'group'],
  ['anyio-trio', 'trio', 'nursery'],
  ['anyio-uvloop', 'asyncio', 'group'],
];

// Wheels come late for new versions and no more for old ones, and installing them for each would take long.
describe.each(pythons.filter(({ name }) => name === '3.11' || name === '3.13'))(
  'Python $name',
  (python) => {
    test.each(kinds)('%s', async (kind, waits, outer) => {
      const env = { PYTHONPATH: await eventLoopsFolder(python) };
      const { report, stdout } = await profile(python.path, [path, kind], folders.make(), { env });
      expect(Number(stdout)).toBeGreaterThan(0.5);
      const wait = (name: string): number => lineOf(report, path, mark(path, name)).total.wait_s;
      expect(wait(waits)).toBeGreaterThan(0.46);
      expect(wait(waits)).toBeLessThan(Number(stdout));
      expect(wait(outer)).toBeLessThan(0.03);
    });
  },
);
