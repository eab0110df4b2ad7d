/** Programs that give up their rights or their root folder, as servers do: nothing of them is lost. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, mark, program, recordings, run, show, underAgent } from '../programs';
import { pythons } from '../pythons';
import { cpu, lineOf } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());
const path = program('safety/rights_dropped.py');

describe.runIf(process.getuid?.() === 0).each(pythons)('Python $name', (python) => {
  test.each(['chroot', 'setuid'])(
    'after %s all work, waits and children are recorded',
    async (how) => {
      const runDir = folders.make();
      const ended = await run(python.path, [path, how], { env: underAgent(runDir) });
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      const { report } = await show(runDir, folders.make());
      const used = ended.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as [number, number])[1]);
      expect(used).toHaveLength(3);
      expect(report!.processes).toHaveLength(3);
      expect(report!.processes.map(({ state, exit }) => [state, exit])).toEqual([
        ['ended', 0],
        ['ended', 3],
        ['ended', 3],
      ]);
      // The loop's own line asks the clock, which is work too.
      const line = mark(path, 'work');
      const worked = [line - 1, line]
        .map((each) => cpu(lineOf(report!, path, each).total))
        .reduce((a, b) => a + b);
      expect(worked).toBeGreaterThan(0.9 * (0.6 + 0.5 + 0.5));
      const waited = lineOf(report!, path, mark(path, 'wait')).total.wait_s;
      expect(waited).toBeGreaterThan(0.65);
      const notes = report!.notes.map(({ text }) => text).join(' ');
      expect(notes).not.toContain('disk');
      expect(notes).toContain(how === 'chroot' ? 'no /proc any more' : 'given up rights');
      if (how === 'setuid')
        expect(notes).toContain('is not profiled, and neither is what it starts');
    },
  );

  test('the shared file is removed when nobody needed it', async () => {
    const runDir = folders.make();
    const ended = await run(python.path, ['-c', ''], { env: underAgent(runDir) });
    expect(ended.code).toBe(0);
    expect(recordings(runDir)).toHaveLength(1);
    await show(runDir, folders.make());
    expect(existsSync(join(runDir, 'shared.room'))).toBe(false);
  });
});
