/** Work that keeps step with the kernel's tick is met at the same lines again and again: that is said, and what helps. */
import { afterAll, expect, test } from 'vitest';
import { Folders, mark, profile, program } from '../programs';
import { pythons } from '../pythons';
import { cpu, lineOf, percent } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());
// Nothing here depends on the interpreter.
const python = pythons[0]!;
const path = program('time/in_step.py');

async function stepsOf(when: 'clock' | 'own', options: string[] = []) {
  const ended = await profile(python.path, [...options, path, when], folders.make());
  const said = ended.report.notes.filter(({ text }) => text.includes('in step with the kernel'));
  return { ...ended, said: said.length };
}

test('a note says when work is in step with the kernel’s tick', async () => {
  expect((await stepsOf('clock')).said).toBe(1);
});

test('no note is given for work that is not in step with the tick', async () => {
  expect((await stepsOf('own')).said).toBe(0);
});

test('with a finer interval, work in step with the tick is sampled on all lines', async () => {
  const { report, stdout, said } = await stepsOf('clock', ['--interval-us', '500']);
  const [first = 0, all = 0] = stdout.split(' ').map(Number);
  const measured = percent(cpu(lineOf(report, path, mark(path, 'first')).total), report.cpu_s);
  console.log(`first ${measured} %, true ${percent(first, all)} %`);
  expect(said).toBe(0);
  // On a busy machine the watcher comes late, and most of all while the program works.
  expect(measured).toBeGreaterThan(percent(first, all) / 4);
  expect(measured).toBeLessThan(percent(first, all) * 1.4);
});
