/** Event loops that are not asyncio's own: their waiting is that of the lines their tasks or greenlets wait on, too. */
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, mark, profile, program } from '../programs';
import { eventLoopsFolder, greenletHubFolder, pythons } from '../pythons';
import { lineOf } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());

const path = program('waits/other_loops.py');
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
    test.each(kinds)('tasks share the waiting of their loop: %s', async (kind, waits, outer) => {
      const env = { PYTHONPATH: await eventLoopsFolder(python) };
      const { report, stdout } = await profile(python.path, [path, kind], folders.make(), { env });
      expect(Number(stdout)).toBeGreaterThan(0.5);
      const wait = (name: string): number => lineOf(report, path, mark(path, name)).total.wait_s;
      expect(wait(waits)).toBeGreaterThan(0.46);
      expect(wait(waits)).toBeLessThan(Number(stdout));
      expect(wait(outer)).toBeLessThan(0.06);
    });
  },
);

const hubs = program('waits/greenlet_hubs.py');
// Installing may take long.
const timeout = 200_000;

// What a greenlet holds differs between all versions of Python.
describe.each(pythons)('greenlets, Python $name', (python) => {
  const isUsual = python.name === '3.11' || python.name === '3.13';
  const kinds = isUsual ? (['gevent', 'eventlet'] as const) : (['gevent'] as const);
  test.each(kinds)('greenlets share the waiting of their hub: %s', { timeout }, async (kind) => {
    const env = { PYTHONPATH: await greenletHubFolder(kind, python), PYTHONWARNINGS: 'ignore' };
    const ended = await profile(python.path, [hubs, kind], folders.make(), { env });
    const wait = (name: string): number =>
      lineOf(ended.report, hubs, mark(hubs, name)).total.wait_s;
    const truth = JSON.parse(ended.stdout) as Record<string, number>;
    const alone = truth['alone']!;
    const names = Object.keys(truth).filter((name) => name !== 'alone');
    const found = names.map(wait);
    const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
    const thread = kind === 'gevent' ? wait('thread') : 0;
    const said = JSON.stringify({
      truth,
      found,
      alone: wait('alone'),
      thread,
      notes: ended.report.notes,
    });
    // Where the machine is busy, all of them wait less and lack a core instead: shares are what is known.
    for (const [i, name] of names.entries()) {
      const share = found[i]! / sum(found);
      expect(
        Math.abs(share - truth[name]! / (sum(Object.values(truth)) - alone)),
        said,
      ).toBeLessThan(0.12);
    }
    expect(Math.abs(wait('alone') - alone), said).toBeLessThan(0.12);
    expect(wait(`${kind} joins`) + wait('pool'), said).toBeLessThan(0.1 * sum(found));
    if (kind === 'gevent') expect(thread, said).toBeGreaterThan(0.3);
    expect(sum(found) + wait('alone') + thread, said).toBeGreaterThan(
      0.85 * ended.report.total.wait_s,
    );
    expect(ended.report.notes.filter(({ text }) => text.includes('greenlet'))).toEqual([]);
  });

  // Of threads that have ended their hubs are left, and their C stacks are used again. The lists that greenlets are
  // found in change while they are read.
  test(
    'waiting is charged to the right greenlet beside hubs of other threads',
    { timeout },
    async () => {
      const env = { PYTHONPATH: await greenletHubFolder('gevent', python) };
      const path = program('waits/hub_threads.py');
      const { report, stdout } = await profile(python.path, [path], folders.make(), { env });
      const waited = lineOf(report, path, mark(path, 'sleep')).total.wait_s;
      const [asked, slept] = stdout.trim().split(' ').map(Number) as [number, number];
      // Looks are few where the machine is busy. Less than half was found where hubs of ended threads took their part, or
      // where a look at too many greenlets, all of them another thread's, was the last one.
      expect(waited).toBeGreaterThan(0.65 * asked);
      expect(waited).toBeLessThan(1.01 * slept);
    },
  );

  // Greenlet 1 keeps its greenlets otherwise; gevent 21 is the last that wants it.
  test.runIf(python.minor === 9)(
    'an unsupported version of greenlet is reported',
    { timeout },
    async () => {
      const env = { PYTHONPATH: await greenletHubFolder('gevent', python, '21.12.0') };
      const { report } = await profile(python.path, [hubs, 'gevent'], folders.make(), { env });
      expect(report.notes.map(({ text }) => text).join()).toContain(
        'version of greenlet is not supported',
      );
      expect(lineOf(report, hubs, mark(hubs, 'long')).total.wait_s).toBe(0);
      expect(report.total.wait_s).toBeGreaterThan(1);
    },
  );
});
