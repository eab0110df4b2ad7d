/** Small files stay small: opening takes at most 4 times their size and 200 MB, whatever they hold. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Run } from '../../../../server/reading/run';
import { crafted } from '../../../fuzz/crafted';
import { writeFiles } from '../../../fuzz/files';
import { useRecording } from '../../../fuzz/use';

const folder = mkdtempSync(join(tmpdir(), 'lineheat-small-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The process's memory now, or at the most since clear_refs was written; bytes. */
function memory(name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)![1]) * 1024;
}

test.each(Object.keys(crafted))(
  'a small file takes little memory and time: %s',
  (name) => {
    const files = crafted[name]!();
    const size = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    expect(size).toBeLessThan(2 << 20);
    const path = writeFiles(join(folder, name), files);
    writeFileSync('/proc/self/clear_refs', '5');
    const before = memory('VmRSS');
    const cpu = process.cpuUsage();
    expect(useRecording(path)).toBeUndefined();
    // The fuzzer's limit is 2 s; here nothing is compiled yet, and other tests run beside.
    expect(process.cpuUsage(cpu).user / 1e6).toBeLessThan(10);
    expect(memory('VmHWM') - before).toBeLessThan(4 * size + (200 << 20));
  },
  60_000,
);

test('what is left out of a file that would unpack to too much is reported', () => {
  const path = writeFiles(
    join(folder, 'said'),
    crafted['a run that unpacks to a thousand times its size']!(),
  );
  const run = Run.open(path, false);
  run.readAll();
  expect(run.profile().samples).toBe(101);
  const notes = run.notes().map(({ text }) => text);
  expect(notes).toContainEqual(
    expect.stringMatching(
      /x\.lineheat unpacks to far more than a recording does; nothing from byte \d+ on/,
    ),
  );
  run.close();
});
