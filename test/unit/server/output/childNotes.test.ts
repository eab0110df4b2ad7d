/** How it is said that children ended by a signal. */
import { expect, test } from 'vitest';
import type { ProcessInfo } from '../../../../profile/types';
import { childNotes } from '../../../../server/output/childNotes';

function child(pid: number, endedBy?: ProcessInfo['endedBy']): ProcessInfo {
  return { pid, ...(endedBy && { endedBy }) } as ProcessInfo;
}

test('stopped workers are reported in one sentence, however many there are', () => {
  const many = Array.from({ length: 3000 }, (_, pid) => child(pid, { signal: 15, byParent: true }));
  expect(childNotes(many)).toEqual([
    {
      severity: 'information',
      text: '3000 child processes were stopped by the program (SIGTERM), as is usual for workers; everything up to then is in the figures.',
    },
  ]);
});

test('a few crashes are named, and unknown causes are not guessed', () => {
  const crashed = Array.from({ length: 8 }, (_, pid) =>
    child(pid, { signal: 11, byParent: false }),
  );
  const notes = childNotes([...crashed, child(99)]);
  expect(notes).toHaveLength(7);
  expect(notes[0]!.severity).toBe('warning');
  expect(notes[0]!.text).toMatch(/^Child process 0 crashed \(SIGSEGV\)/);
  expect(notes[5]!.text).toBe('3 more child processes crashed or were killed.');
  expect(notes[6]!.text).toMatch(/^A child process was ended by a signal/);
});
