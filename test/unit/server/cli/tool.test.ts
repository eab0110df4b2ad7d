import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { clip, columns, terminalStyle } from '../../../../server/cli/text/terminal';
import { records, writeRecording } from '../../serverRecording';

const agent = join(__dirname, '../../../../dist/agent', `linux-${arch()}`, 'liblineheat.so');
const hasAgent = platform() === 'linux' && existsSync(agent);

// Real processes take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let dist: string;
let folder: string;

beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), 'lineheat-dist-'));
  await build({
    entryPoints: [join(__dirname, '../../../../server/cli/main.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: join(dist, 'cli.js'),
    logLevel: 'warning',
  });
  if (hasAgent) symlinkSync(join(__dirname, '../../../../dist/agent'), join(dist, 'agent'));
});
afterAll(() => rmSync(dist, { recursive: true }));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lineheat-cli-'));
  mkdirSync(join(folder, 'tmp'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

function cli(
  args: string[],
  input = '',
  during?: (pid: number, stdout: string) => void,
): Promise<Result> {
  return new Promise((done) => {
    const env = { ...process.env, TMPDIR: join(folder, 'tmp'), COLUMNS: '100' };
    const child = spawn(process.execPath, [join(dist, 'cli.js'), ...args], { cwd: folder, env });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (piece: Buffer) => {
      stdout += piece.toString();
      during?.(child.pid!, stdout);
    });
    child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
    child.stdin.end(input);
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

function script(text: string): string {
  const path = join(folder, 'program.py');
  writeFileSync(path, text);
  return path;
}

const work =
  'import sys, time\nend = time.process_time() + 0.3\nwhile time.process_time() < end:\n    sum(range(2000))\n';

describe.skipIf(!hasAgent)('lineheat run', () => {
  test('leaves input, output and exit code to the program, and reports on stderr', async () => {
    script(`${work}print(sys.argv[1:], input())\nsys.exit(7)\n`);
    const result = await cli(['run', '--json', 'o.json', 'program.py', '--json', 'a b'], 'hello\n');
    expect(result.stdout).toBe("['--json', 'a b'] hello\n");
    expect(result.code).toBe(7);
    expect(result.stderr).toMatch(/^\nprogram\.py {2}.* elapsed · .* CPU · .* samples/);
    expect(result.stderr).toMatch(/4 │ {5}sum\(range\(2000\)\)/);
    expect(result.stderr).not.toContain('\u001b');
    const report = JSON.parse(readFileSync(join(folder, 'o.json'), 'utf8')) as Record<
      string,
      never
    >;
    expect(report['processes']?.[0]).toMatchObject({ exit: 7 });
    expect(Number(report['cpu_s'])).toBeGreaterThan(0.3);
    // Recordings are temporary unless they were asked for.
    expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  });

  test('saves the recording of a module, which show opens', async () => {
    // Long enough for the agent to know its Python, which hardly ever is in the bytecode loop here.
    script(work.replace('0.3', '1.2'));
    const run = await cli(['run', '--save', 'a.lineheat', '-m', 'program', 'x']);
    expect(run.code).toBe(0);
    const shown = await cli(['show', 'a.lineheat']);
    expect(shown.stdout).toBe(run.stderr);
    const collapsed = await cli(['export', 'a.lineheat', '--format', 'collapsed', '-o', '-']);
    expect(collapsed.stdout).toMatch(/program\.py:4.* \d+\n/);
    const exported = await cli(['export', 'a.lineheat', '--format', 'speedscope', '-o', 's.json']);
    expect(exported.code).toBe(0);
    const speedscope = JSON.parse(readFileSync(join(folder, 's.json'), 'utf8')) as {
      profiles: { samples: number[][]; weights: number[]; startValue: number; endValue: number }[];
    };
    const [profile] = speedscope.profiles;
    expect(profile!.samples.length).toBe(profile!.weights.length);
    const sum = profile!.weights.reduce((total, weight) => total + weight, 0);
    expect(sum).toBeCloseTo(profile!.endValue - profile!.startValue, -3);
  });

  test('leaves an exception to the program', async () => {
    script(`${work}raise ValueError("no")\n`);
    const result = await cli(['run', 'program.py']);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^Traceback[^]*ValueError: no\n\nprogram\.py {2}/);
  });

  test.each([
    ['SIGTERM', 143, false],
    ['SIGINT', 130, true],
  ] as const)(
    '%s reaches the program, and the interrupted run reports',
    async (signal, code, handled) => {
      script(`${work}print("ready", flush=True)\ntime.sleep(20)\n`);
      let sent = false;
      const result = await cli(['run', 'program.py'], '', (pid, stdout) => {
        if (!sent && stdout.includes('ready')) {
          sent = true;
          process.kill(pid, signal);
        }
      });
      expect(result.code).toBe(code);
      expect(result.stderr.includes('KeyboardInterrupt')).toBe(handled);
      expect(result.stderr).toContain('sum(range(2000))');
    },
  );

  test('reports a killed program up to its end', async () => {
    script(`${work}import os\nos.kill(os.getpid(), 9)\n`);
    const result = await cli(['run', 'program.py']);
    expect(result.code).toBe(137);
    expect(result.stderr).toContain('sum(range(2000))');
    expect(result.stderr).toContain('warning: The program was ended by a signal (SIGKILL)');
  });

  test('says so when the agent was not loaded', async () => {
    const wrapper = join(folder, 'wrapper');
    // It asks a Python what it is, and starts none then.
    const text = '#!/bin/sh\ncase "$*" in *program.py) exit 3;; esac\nexec python3 "$@"\n';
    writeFileSync(wrapper, text, { mode: 0o755 });
    script(`${work}sys.exit(3)\n`);
    const result = await cli(['run', '--python', './wrapper', 'program.py']);
    expect(result.code).toBe(3);
    expect(result.stderr).toMatch(/lineheat: Nothing was recorded: .*wrapper/);
  });

  test('refuses a file that cannot be written before the run, or keeps the recording', async () => {
    script(work);
    const early = await cli(['run', '--save', 'no/where.lineheat', 'program.py']);
    expect(early).toMatchObject({ code: 2, stdout: '' });
    expect(early.stderr).toMatch(
      /The folder .*\/no does not exist\. The program was not started\./,
    );
    script(`${work}import shutil; shutil.rmtree("out")\n`);
    mkdirSync(join(folder, 'out'));
    const late = await cli(['run', '--save', 'out/a.lineheat', 'program.py']);
    expect(late.code).toBe(0);
    const kept = /recording was kept in (\S+)\. To see it/.exec(late.stderr)?.[1];
    expect((await cli(['show', kept!])).stdout).toContain('sum(range(2000))');
  });
});

test.skipIf(!hasAgent)('a command that starts no Python is reported', async () => {
  const result = await cli(['run', '--exec', 'sh', '-c', 'exit 3']);
  expect(result.code).toBe(3);
  expect(result.stderr).toMatch(/^lineheat: Nothing was recorded: sh started no Python program/);
  writeFileSync(join(folder, 'tool'), '#!/bin/sh\n', { mode: 0o644 });
  const closed = await cli(['run', '--exec', './tool']);
  expect(closed.stderr).toMatch(/^lineheat: \.\/tool cannot be executed\. .*chmod \+x/);
  const shell = await cli(['run', 'tool']);
  expect(shell.stderr).toMatch(/names \/bin\/sh.*lineheat run --exec \.\/tool …/);
});

test('problems are answered with one sentence and exit code 2', async () => {
  const results = await Promise.all([
    cli(['run', 'nowhere.py']),
    cli(['run', '--engine', 'portable', 'a.py']),
    cli(['show', 'nowhere']),
    cli(['show', folder]),
  ]);
  expect(results.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  expect(results.map(({ stderr }) => stderr.split('\n')[0])).toEqual([
    expect.stringContaining('nowhere.py does not exist'),
    expect.stringContaining('portable engine does not exist yet'),
    expect.stringContaining('nowhere does not exist'),
    expect.stringContaining('holds no recording'),
  ]);
});

test('a recording is shown with its source, fitted to the terminal’s width', async () => {
  const path = script(
    Array.from({ length: 20 }, (_, line) => `line_${line + 1}(${'x'.repeat(200)})`).join('\n'),
  );
  writeRecording(join(folder, '1.lsp'), records(path));
  const { stdout } = await cli(['show', '1.lsp']);
  expect(stdout).toContain(' line_12(');
  expect(stdout).toMatch(/Waiting[^]*program\.py:13 +1\.00 s/);
  expect(Math.max(...stdout.split('\n').map(columns))).toBeLessThanOrEqual(100);
});

test('colour and width follow the terminal', () => {
  expect(terminalStyle({ isTTY: true, columns: 120 }, {})).toEqual({ width: 120, color: true });
  expect(terminalStyle({ isTTY: true, columns: 120 }, { NO_COLOR: '1' }).color).toBe(false);
  expect(terminalStyle({}, { FORCE_COLOR: '1' }).color).toBe(true);
  expect(terminalStyle({ isTTY: true }, { FORCE_COLOR: '0' }).color).toBe(false);
  expect(terminalStyle({}, { FORCE_COLOR: '1', NO_COLOR: '1' }).color).toBe(false);
  expect(terminalStyle({}, { COLUMNS: '80' })).toEqual({ width: 80, color: false });
  expect(columns('日本\u0301x')).toBe(5);
  expect(clip('日本語', 5)).toBe('日本…');
  expect(clip('a\u001b[31mb\u0007', 10)).toBe('a [31mb ');
});
