/** What is left when something goes wrong: killed programs, full disks, damaged and foreign recordings. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decode } from '../decode';
import { Folders, profile, program, recordings, run, show, underAgent } from '../programs';
import { fewPythons, pythons } from '../pythons';
import { cpu, fileCost } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());

describe.each(pythons)('Python $name', (python) => {
  test('after kill -9 less than the last tenth of a second is missing', async () => {
    const runDir = folders.make();
    let killed = false;
    const ended = await run(python.path, [program('record/beacon.py')], {
      env: underAgent(runDir),
      during: (stdout, child) => {
        if (killed || stdout.split('\n').length < 150) return;
        killed = child.kill('SIGKILL');
      },
    });
    expect(ended.signal).toBe('SIGKILL');
    const lastWord = Number(ended.stdout.trim().split('\n').at(-1));
    const { header, samples } = decode(recordings(runDir)[0]!);
    expect(header.state).toBe('recording');
    const lost = (lastWord - header.startMonotonicNs - samples.at(-1)!.timeNs) / 1e6;
    console.log(`${python.name}: the last ${lost.toFixed(1)} ms are missing`);
    expect(lost).toBeLessThan(100);
    const { report, stdout } = await show(runDir, folders.make());
    expect(report!.processes).toMatchObject([{ state: 'lost', exit: null }]);
    expect(report!.samples).toBeGreaterThanOrEqual(samples.length);
    expect(stdout).toMatch(/ended by a signal|killed/);
  });

  test.each([0, 1, 300])(
    'a file size limit of %i KB does not harm the program, and is reported',
    async (kilobytes) => {
      const runDir = folders.make();
      // POSIX shells count blocks of 512 bytes.
      const limited = `ulimit -f ${kilobytes * 2}; exec "$@"`;
      const args = ['-c', limited, 'sh', python.path, program('record/grow_recording.py'), '1.5'];
      const ended = await run('/bin/sh', args, { env: underAgent(runDir) });
      expect(ended).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });
      const { stdout, stderr } = await show(runDir, folders.make());
      expect(stdout + stderr).toMatch(/limit on the size of files|limit on file sizes/);
    },
  );

  test.each([0, 60, 3000])(
    'truncating the live recording to %i bytes does not harm the program, and is reported',
    async (size) => {
      const runDir = folders.make();
      const args = [program('record/cut_off.py'), runDir, String(size)];
      const ended = await run(python.path, args, { env: underAgent(runDir) });
      expect(ended).toEqual({ code: 0, signal: null, stdout: 'fine\n', stderr: '' });
      const { stdout, stderr } = await show(runDir, folders.make());
      expect(stdout + stderr).toMatch(/is empty|cut off at byte 60|was cut off by another program/);
    },
  );
});

describe.each(fewPythons)('Python $name', (python) => {
  /** Which part of its work is on its line where a program limits itself, and what is said of the rest. */
  test.each([
    ['FSIZE', 65536, 1, 'limit on the size of files'],
    ['SIGPENDING', 0, 1, 'limit on pending signals'],
    ['NOFILE', 3, 1, ''],
    ['AS', 1_000_000, 2, ''],
    ['MEMLOCK', 0, 3, ''],
  ])(
    'a program that limits its own %s is measured as far as possible',
    async (name, value, works, said) => {
      const args = [program('record/limited.py'), name, String(value)];
      const bare = await run(python.path, args);
      const { code, stdout, report } = await profile(python.path, args, folders.make());
      expect(code).toBe(0);
      expect(stdout.slice(0, bare.stdout.length)).toBe(bare.stdout);
      const notes = report.notes.map(({ text }) => text).join('\n');
      const found = cpu(fileCost(report, args[0]!)) / (3 * 0.3);
      // Where nothing is missing there is nothing to say: a child may write where its parent has made room.
      if (found < 0.9) expect(notes).toContain(said);
      if (report.processes.length === 1)
        expect(notes).toContain('Child processes are not in the report');
      // A third each in the program, its child, and its thread.
      // Under load SIGPENDING has left 0.25 where 0.33 is all; the cause is not known.
      expect(found).toBeGreaterThan((0.6 * works) / 3);
      expect(notes).not.toContain('disk is full');
    },
  );
});

describe('a disk that fills up', () => {
  const python = pythons[0]!;
  const folder = folders.make();
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'none', disk]).status === 0;
  afterAll(() => {
    if (mounted) spawnSync('umount', ['-l', disk]);
  });

  // Mounting takes the rights of root.
  test.skipIf(!mounted)('stops the recording but not the program', async () => {
    const args = [program('record/grow_recording.py'), '2'];
    const ended = await run(python.path, args, { env: underAgent(disk) });
    expect(ended).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });
    const { report, stdout } = await show(disk, folder);
    expect(report!.processes).toMatchObject([{ state: 'full' }]);
    expect(report!.samples).toBeGreaterThan(0);
    expect(stdout).toContain('recording stopped early');
  });
});

describe('a recording that was changed', () => {
  let original: string;
  const folder = folders.make();
  beforeAll(async () => {
    const runDir = folders.make();
    const args = [program('safety/endings.py'), 'return'];
    await run(pythons[0]!.path, args, { env: underAgent(runDir) });
    [original] = recordings(runDir) as [string];
  });

  /** What `show` says about a changed copy: all of it that is not the profile. */
  async function said(name: string, change: (copy: string) => void) {
    const copy = join(folder, name);
    copyFileSync(original, copy);
    change(copy);
    const { code, stdout, stderr } = await show(copy, folder);
    // CPU time that no sample is left for is told as in any other recording.
    const warnings = stdout
      .split('\n')
      .filter((line) => /^(warning|error|note):/.test(line) && !line.includes('seen by no sample'));
    return { code, stderr, warnings };
  }

  function patch(copy: string, at: number, ...bytes: number[]): void {
    const content = readFileSync(copy);
    content.set(bytes, at);
    writeFileSync(copy, content);
  }

  test('in half: the first half is shown, with a sentence about the rest', async () => {
    const half = Math.floor(readFileSync(original).length / 2);
    const { code, stderr, warnings } = await said('half.lsp', (copy) => truncateSync(copy, half));
    expect(code).toBe(0);
    expect(stderr).toBe('');
    // Beside it there may be one that says how much time the lost part took.
    expect(warnings.filter((text) => text.includes('is cut short'))).toHaveLength(1);
  });

  test('cut off inside the header: the tool says so', async () => {
    const { code, stderr } = await said('stub.lsp', (copy) => truncateSync(copy, 60));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^lineheat: .*cut off at byte 60.*\n$/);
  });

  test('damaged in the middle: everything before the damage is shown', async () => {
    const half = Math.floor(readFileSync(original).length / 2);
    // More than any record here holds: wherever it begins, it ends in a later one.
    const rubbish = Array.from({ length: 800 }, () => 0xff);
    const { code, stderr, warnings } = await said('rubbish.lsp', (copy) =>
      patch(copy, half, ...rubbish),
    );
    expect(code).toBe(0);
    expect(stderr).toBe('');
    // Beside it there may be one that says how much time the lost part took.
    expect(warnings.filter((text) => text.includes('is damaged'))).toHaveLength(1);
  });

  test('of a newer format: the tool says so', async () => {
    const { code, stderr } = await said('newer.lsp', (copy) => patch(copy, 8, 2, 0));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^lineheat: .*newer version of Lineheat.*\n$/);
  });

  test('not a recording at all: the tool says so', async () => {
    const { code, stderr } = await said('text.lsp', (copy) =>
      writeFileSync(copy, 'hello\n'.repeat(99)),
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/^lineheat: .*is not a Lineheat recording.*\n$/);
  });

  test('with any byte changed: the tool does no worse than print a sentence', async () => {
    const size = readFileSync(original).length;
    for (let at = 3; at < size; at += Math.ceil(size / 12)) {
      const { code, stderr } = await said('byte.lsp', (copy) => patch(copy, at, 0xff));
      expect([0, 2]).toContain(code);
      expect(stderr).toMatch(/^(lineheat: .*\n)?$/);
    }
  });
});
