// How a kept run reads in the list of runs, and what of its description on disk is believed.
import { expect, test } from 'vitest';
import {
  hasFailed,
  parseKnownRun,
  runDetail,
  runFacts,
  runName,
  startTime,
  type KnownRun,
} from '../../../extension/kept/keptRun';

const now = new Date(2026, 5, 12, 18, 0);
const started = new Date(2026, 5, 12, 14, 3);
const run: KnownRun = {
  run: 'r',
  runDir: '/runs/r',
  program: 'tour.py',
  file: '/home/me/tour.py',
  args: ['--fast', 'two words'],
  command: ['/usr/bin/python3', '/home/me/tour.py', '--fast', 'two words'],
  cwd: '/home/me',
  startedUnixMs: started.getTime(),
  ended: true,
  elapsedS: 12.34,
  cpuS: 71,
  exit: 1,
  commit: '0123456789abcdef0123456789abcdef01234567',
  branch: 'main',
  workspace: 'w',
};

test('a row says when, how long, how it ended, with which arguments and of which commit', () => {
  expect(runName(run)).toBe('tour.py');
  expect(runDetail(run, 'en-GB', now)).toBe(
    "14:03 · 12.3 s · CPU 1 m 11 s · exit 1 · --fast 'two words' · 0123456",
  );
  expect(hasFailed(run)).toBe(true);
});

test('a row leaves out what is unknown or self-evident', () => {
  const { run: id, runDir, program, startedUnixMs, ended, workspace } = run;
  const old: KnownRun = { run: id, runDir, program, startedUnixMs, ended, workspace };
  expect(runDetail(old, 'en-GB', now)).toBe('14:03');
  expect(runDetail({ ...old, exit: 0 }, 'en-GB', now)).toBe('14:03');
  expect(runDetail({ ...old, exit: 130, stopped: true }, 'en-GB', now)).toBe('14:03 · stopped');
  expect(hasFailed({ ...old, exit: 130, stopped: true })).toBe(false);
});

test('a run of another day shows its date, one of another year also the year', () => {
  expect(startTime(run, 'en-GB', new Date(2026, 5, 13))).toBe('12 Jun, 14:03');
  expect(startTime(run, 'en-GB', new Date(2027, 0, 1))).toBe('12 Jun 2026, 14:03');
});

test('the hover shows every detail of a run', () => {
  const facts = Object.fromEntries(runFacts({ ...run, name: 'before the change' }, 'en-GB'));
  expect(facts).toMatchObject({
    Program: 'tour.py',
    Command: "/usr/bin/python3 /home/me/tour.py --fast 'two words'",
    Folder: '/home/me',
    Took: '12.3 s · CPU 1 m 11 s',
    Ended: 'exit code 1',
    Commit: '0123456789ab on main',
  });
});

test('a run’s name is plain text, and a blank name is no name', () => {
  expect(runName({ ...run, name: '  ' })).toBe('tour.py');
  expect(runName({ ...run, name: 'a\u202eb\n' })).toBe('a\\u{202e}b\\n');
});

test('of a damaged description the valid fields are read', () => {
  expect(parseKnownRun({ ...run, runDir: '/elsewhere' }, '/runs/r')).toEqual(run);
  expect(parseKnownRun({ ...run, args: [1], exit: 'x', more: 1 }, '/runs/r')).toEqual(
    Object.fromEntries(Object.entries(run).filter(([name]) => name !== 'args' && name !== 'exit')),
  );
  expect(parseKnownRun({ ...run, program: 1 }, '/runs/r')).toBeUndefined();
  expect(parseKnownRun(null, '/runs/r')).toBeUndefined();
});
