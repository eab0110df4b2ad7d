/** Children that a signal ends: a worker that its parent stops is normal, a crash is not. */
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, profile, program, run } from '../programs';
import { pythons } from '../pythons';

const folders = new Folders();
afterAll(() => folders.clear());

const built = pythons.filter(({ name }) => !name.includes('/'));
const two = [...new Set([built[0] ?? pythons[0]!, built.at(-1) ?? pythons[0]!])];

describe.each(two)('Python $name', ({ path: python }) => {
  test.each([
    ['terminate', 15, 'information', /^A child process was stopped by the program \(SIGTERM\)/],
    ['kill', 9, 'information', /^A child process was stopped by the program \(SIGKILL\)/],
    ['shell', 15, 'information', /^A child process was asked to end \(SIGTERM\)/],
    ['killed', 9, 'warning', /^Child process \d+ was killed \(SIGKILL\), by the kernel if/],
    ['crash', 11, 'warning', /^Child process \d+ crashed \(SIGSEGV\)/],
  ])('a child that a signal ended is reported: %s', async (way, signal, severity, text) => {
    const args = [program('processes/child_ends.py'), way];
    const bare = await run(python, args);
    const watched = await profile(python, args, folders.make());
    expect(bare.stdout).toBe(`${-signal}\n`);
    expect([watched.stdout, watched.code]).toEqual([bare.stdout, bare.code]);
    const { notes, processes } = watched.report;
    const child = processes.find(({ state }) => state === 'lost');
    expect(child).toMatchObject({ signal, exit: null });
    expect(notes).toContainEqual({ severity, text: expect.stringMatching(text) as string });
  });
});
