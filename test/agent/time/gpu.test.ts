/**
 * What programs do with GPUs, with stand-ins for NVIDIA's libraries: figures that are known by construction, drivers that
 * say less, and that no program can tell. scripts/gpuCheck.mjs does the first of these with a GPU.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { agent, Folders, mark, program, run, show, underAgent, type Ended } from '../programs';
import { fewPythons, pythons } from '../pythons';
import { lineOf, type Report } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());
const path = program('time/gpu.py');
const megabytes = 2 ** 20;

/** A folder with both libraries; macros say what the driver lacks. */
async function standIns(...macros: string[]): Promise<string> {
  const folder = folders.make();
  const build = async (source: string, library: string): Promise<void> => {
    const words = ['-shared', '-fPIC', '-O1', '-o', join(folder, library), program(source)];
    expect(await run('cc', [...words, ...macros.map((macro) => `-D${macro}`)])).toMatchObject({
      code: 0,
    });
  };
  await build('time/cuda_stand_in.c', 'libcuda.so.1');
  await build('time/nvml_stand_in.c', 'libnvidia-ml.so.1');
  return folder;
}

interface Said {
  pid: number;
  busy?: number;
  mapped: string[];
  files: number;
}

async function use(
  python: string,
  libraries: string | Record<string, string>,
  how: string,
): Promise<Ended & { report: Report; said: Said; text: string }> {
  const runDir = folders.make();
  const more = typeof libraries === 'string' ? { LD_LIBRARY_PATH: libraries } : libraries;
  const env = underAgent(runDir, more);
  const ended = await run(python, [path, how], { env });
  const shown = await show(runDir, folders.make());
  const said = JSON.parse(ended.stdout.split('\n')[0]!) as Said;
  await expectNoHelper(said.pid);
  return { ...ended, report: shown.report!, said, text: shown.stdout };
}

/** The helper of a process is gone soon after it, however that ended. */
async function expectNoHelper(pid: number): Promise<void> {
  const isThere = (): boolean =>
    readdirSync('/proc').some((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        return words.some((word) => word.endsWith('/lineheat-gpu')) && words.includes(`${pid}`);
      } catch {
        return false;
      }
    });
  await expect.poll(isThere, { timeout: 5000 }).toBe(false);
}

describe.each(fewPythons)('Python $name', (python) => {
  test.each(['busy', 'asleep'])(
    'GPU time and memory are on the line that used them, while it is %s',
    async (how) => {
      const { report, said, text, stderr } = await use(python.path, await standIns(), how);
      expect(stderr).toBe('');
      const gpu = report.gpu!;
      // The driver tells of tenths of a second, and is asked late where other programs have the cores.
      expect(gpu.busy_s).toBeGreaterThan(0.9 * said.busy!);
      expect(gpu.busy_s).toBeLessThan(1.03 * said.busy!);
      expect(gpu.peak_bytes).toBe(512 * megabytes);
      expect(gpu.devices).toMatchObject([
        { name: 'NVIDIA Stand-in', memory_bytes: 8192 * megabytes },
      ]);
      expect(gpu.agent_cpu_s).toBeLessThan(0.04);
      // The driver tells of tenths of a second: at both ends some of it goes to the line beside.
      expect(lineOf(report, path, mark(path, 'synchronize')).gpu?.self_s).toBeGreaterThan(0.75);
      expect(text).toMatch(/^GPU {2}busy .* · 537 MB at the peak · NVIDIA Stand-in$/m);
      expect(report.notes.filter(({ text }) => text.includes('GPU'))).toEqual([]);
    },
  );

  test('the program sees no library, file or child of ours', async () => {
    const libraries = await standIns();
    const bare = await run(python.path, [path, 'busy'], { env: { LD_LIBRARY_PATH: libraries } });
    const { stdout, stderr } = await use(python.path, libraries, 'busy');
    const same = (text: string): string => text.replace(/"(busy|pid)": [\d.]+/g, '');
    expect({ stdout: same(stdout), stderr }).toEqual({
      stdout: same(bare.stdout),
      stderr: bare.stderr,
    });
  });

  test('a program that does not use a GPU has no GPU figures and loads no library', async () => {
    const libraries = await standIns();
    const { report, said, text } = await use(python.path, libraries, 'without');
    expect(said.mapped).toEqual([]);
    expect(existsSync(join(libraries, 'state'))).toBe(false);
    expect(report.gpu).toBeUndefined();
    expect(text).not.toContain('GPU');
    expect(report.notes.filter(({ text }) => text.includes('GPU'))).toEqual([]);
  });

  test.each([
    ['fork', 0, 2],
    ['exec', 0, 1],
    ['killed', null, 1],
  ])('GPU time is measured in processes that %s', async (how, code, processes) => {
    const ended = await use(python.path, await standIns(), how);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toBe('');
    if (code === 0) expect(ended.stdout.trim().split('\n').at(-1)).toBe('no children');
    expect(ended.report.processes).toHaveLength(processes);
    for (const { gpu } of ended.report.processes) expect(gpu?.busy_s).toBeGreaterThan(0.6);
  });
});

const python = pythons[0]!;

/** Macros, whether the process has a context that it can be told by, what is said, and how long the GPU was busy. */
const drivers: [string, string[], boolean, string | undefined, number | null | undefined][] = [
  ['without its functions', ['WITHOUT_INIT'], false, 'has no nvmlInit_v2', undefined],
  ['that does not start', ['INIT_RESULT=9'], false, 'Driver Not Loaded', undefined],
  ['of the first version', ['FIRST_VERSION'], false, undefined, 1],
  ['of the third version', ['THIRD_VERSION=24', 'OTHERS=2'], false, undefined, 1],
  [
    'of the third version, when it was longer',
    ['THIRD_VERSION=32', 'OTHERS=2'],
    false,
    undefined,
    1,
  ],
  ['that cannot tell processes apart', ['UTILIZATION_RESULT=3'], false, 'the only one on it', 1],
  ['that never could', ['WITHOUT_PROCESS_UTILIZATION'], false, 'the only one on it', 1],
  [
    'that cannot tell them apart, with others',
    ['UTILIZATION_RESULT=3', 'OTHERS=1'],
    false,
    'the only one on it',
    null,
  ],
  [
    'that does not know how busy it is',
    ['UTILIZATION_RESULT=3', 'RATES_RESULT=3'],
    false,
    'No GPU time is charged',
    null,
  ],
  ['that numbers processes as the host does', ['PID_OFFSET=4000000'], true, undefined, 1],
  [
    'that numbers processes as the host does, with others',
    ['PID_OFFSET=4000000', 'OTHERS=1'],
    true,
    'cannot be told from the others',
    undefined,
  ],
  ['that lists only others', ['PID_OFFSET=4000000'], false, undefined, undefined],
  ['that crashes', ['CRASH'], false, 'missing from some moment on', null],
];

test.each(drivers)(
  'GPU time is right, or a note says what is missing, with a driver %s',
  async (_, macros, hasContext, note, busy) => {
    const libraries = await standIns(...macros);
    if (hasContext) writeFileSync(join(libraries, 'nvidia-uvm'), '');
    const { report, code, stderr } = await use(python.path, libraries, 'busy');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const notes = report.notes.map(({ text }) => text).filter((text) => text.includes('GPU'));
    if (note === undefined) expect(notes).toEqual([]);
    else expect(notes).toEqual([expect.stringContaining(note) as string]);
    if (typeof busy !== 'number') expect(report.gpu?.busy_s).toBe(busy);
    else expect(Math.abs(report.gpu!.busy_s! - busy)).toBeLessThan(0.15);
  },
);

test('the helper starts although its file is not executable, and a note says when it is missing', async () => {
  const libraries = await standIns();
  const copy = folders.make();
  for (const name of readdirSync(dirname(agent))) {
    copyFileSync(join(dirname(agent), name), join(copy, name));
  }
  chmodSync(join(copy, 'lineheat-gpu'), 0o644);
  const elsewhere = { LD_LIBRARY_PATH: libraries, LD_PRELOAD: join(copy, basename(agent)) };
  const started = await use(python.path, elsewhere, 'busy');
  expect(started.report.gpu?.busy_s).toBeGreaterThan(0.9);
  rmSync(join(copy, 'lineheat-gpu'));
  const missing = await use(python.path, elsewhere, 'busy');
  expect(missing.report.gpu).toBeUndefined();
  expect(missing.report.notes.map(({ text }) => text).join()).toContain('lineheat-gpu is missing');
});

test('one note says that a library cannot be loaded', async () => {
  const libraries = await standIns();
  writeFileSync(join(libraries, 'libnvidia-ml.so.1'), 'not a library');
  const { report, code } = await use(python.path, libraries, 'busy');
  expect(code).toBe(0);
  const notes = report.notes.filter(({ text }) => text.includes('GPU'));
  expect(notes).toMatchObject([{ severity: 'information' }]);
  expect(notes[0]?.text).toMatch(/libnvidia-ml\.so\.1 cannot be loaded/);
});
