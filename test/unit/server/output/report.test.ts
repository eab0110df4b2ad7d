import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AllocationRecord } from '../../../../recording/memoryRecords';
import { buildReport } from '../../../../server/output/report';
import { Run } from '../../../../server/reading/run';
import { showRun } from '../../../../server/cli/text/report';
import { reportProblems } from '../../../reportSchema';
import { ms, records, writeRecording } from '../../serverRecording';

const allocation: AllocationRecord = {
  kind: 'allocation',
  thread: 1,
  timeNs: 0,
  source: 'malloc',
  size: 900,
  grown: 900,
  period: 0,
  stack: 0,
  native: 0,
  opcode: -1,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lineheat-report-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(path: string): Run {
  const run = Run.open(path, false);
  run.readAll();
  return run;
}

function reportOf(path: string) {
  const run = open(path);
  // As a reader of the file sees it.
  return JSON.parse(JSON.stringify(buildReport(run.profile(), run.notes()))) as Record<
    string,
    never
  >;
}

test('the report follows its schema, and its numbers are the recording’s', () => {
  writeRecording(join(folder, '1.lsp'), records('/tmp/a.py'));
  const report = reportOf(folder);
  expect(reportProblems(report)).toEqual([]);
  expect(report).toMatchObject({
    schema: 'lineheat.report/1',
    command: ['python3', '/tmp/a.py'],
    python: '3.9.18',
    interval_us: 1000,
    samples: 101,
    notes: [],
    processes: [{ exit: 0, state: 'ended', peak_bytes: 12_000_000 }],
  });
  const [file] = report['files'] as unknown as {
    path: string;
    lines: { line: number; self: Record<string, number>; total: Record<string, number> }[];
  }[];
  expect(file?.path).toBe('/tmp/a.py');
  const line = (number: number) => file?.lines.find((candidate) => candidate.line === number);
  expect(line(11)?.self).toMatchObject({ python_s: 0.02, native_s: 0, samples: 20 });
  expect(line(12)?.self).toMatchObject({ python_s: 0, native_s: 0.08, samples: 80 });
  expect(line(13)?.self).toMatchObject({ wait_s: 1 });
  expect(line(3)?.self['samples'] ?? 0).toBe(0);
  expect(line(3)?.total).toMatchObject({ python_s: 0.02, native_s: 0.08, wait_s: 1 });
});

test('the report has memory by line, by process and in total', () => {
  const list = records('/tmp/a.py');
  const end = list.findIndex(({ kind }) => kind === 'end');
  const place = { thread: 1, stack: 2, native: 0, opcode: -1 };
  list.splice(
    end,
    0,
    { ...allocation, ...place, timeNs: 10 * ms },
    { ...allocation, ...place, timeNs: 20 * ms, source: 'python', size: 100, grown: 100 },
    { kind: 'free', timeNs: 30 * ms, allocation: 1 },
    { kind: 'copy', ...place, timeNs: 31 * ms, size: 77, period: 0 },
    { kind: 'footprint', timeNs: 32 * ms, resident: 5_000_000 },
  );
  writeRecording(join(folder, '1.lsp'), list);
  const report = reportOf(folder);
  expect(reportProblems(report)).toEqual([]);
  const total = {
    allocated_bytes: 1000,
    allocations: 2,
    peak_live_bytes: 1000,
    growth_bytes: 100,
    copied_bytes: 77,
    reserved_bytes: 0,
  };
  expect(report['memory']).toEqual(total);
  const [process] = report['processes'] as unknown as { memory: Record<string, unknown> }[];
  expect(process?.memory).toMatchObject({ ...total, peak_live_at_s: 0.02 });
  expect((process?.memory['footprint'] as unknown[]).at(-1)).toMatchObject({
    resident_bytes: 5_000_000,
    live_bytes: 100,
  });
  const [file] = report['files'] as unknown as { lines: { memory: Record<string, unknown> }[] }[];
  const [charged] = file!.lines.filter(({ memory }) => memory['allocated_bytes'] !== 0);
  expect(charged?.memory).toEqual({
    allocated_bytes: 1000,
    allocated_error_bytes: 0,
    allocations: 2,
    peak_bytes: 1000,
    growth_bytes: 100,
    growth_error_bytes: 0,
    leak: null,
    copied_bytes: 77,
    reserved_bytes: 0,
    python_fraction: 0.1,
    records: 2,
  });
  const text = showRun(open(folder), { width: 100, color: false });
  expect(text).toMatch(/^Memory {2}1\.0 kB allocated · 1\.0 kB held at the peak .* 77 B copied$/m);
  expect(text).toMatch(/a\.py:1\d +1\.0 kB +2 +10\.0 % +1\.0 kB +\+100 B +77 B$/m);
});

test('the report and the terminal show GPUs of a run that used one', () => {
  const list = records('/tmp/a.py');
  const end = list.findIndex(({ kind }) => kind === 'end');
  const use = { kind: 'gpuUse', device: 0, bytes: 512 << 20, costNs: 3 * ms } as const;
  list.splice(
    end,
    0,
    { kind: 'gpuDevice', device: 0, bytes: 80e9, name: 'NVIDIA H100' },
    { ...use, startNs: 10 * ms, endNs: 10 * ms, busyNs: null },
    { ...use, startNs: 200 * ms, endNs: 1000 * ms, busyNs: 600 * ms },
  );
  writeRecording(join(folder, '1.lsp'), list);
  const report = reportOf(folder);
  expect(reportProblems(report)).toEqual([]);
  const figures = { busy_s: 0.6, peak_bytes: 512 << 20 };
  const total = {
    ...figures,
    agent_cpu_s: 0.003,
    devices: [{ index: 0, name: 'NVIDIA H100', memory_bytes: 80e9, ...figures }],
  };
  expect(report['gpu']).toEqual(total);
  expect(report['processes']?.[0]).toMatchObject({ gpu: total });
  const [file] = report['files'] as unknown as { lines: { line: number; gpu?: unknown }[] }[];
  const charged = file!.lines.map(({ line, gpu }) => [line, gpu]);
  expect(charged).toEqual([
    [3, { self_s: 0, total_s: 0.6 }],
    [11, undefined],
    [12, undefined],
    [13, { self_s: 0.6, total_s: 0.6 }],
  ]);
  const text = showRun(open(folder), { width: 100, color: false });
  expect(text).toMatch(
    /^GPU {2}busy 600 ms \(54\.5 % of the time\) · 537 MB at the peak · NVIDIA H100$/m,
  );
  expect(text).toMatch(/a\.py:13 +600 ms +100 %$/m);
});

test('an empty run and a killed run have reports too', () => {
  expect(reportProblems(reportOf(folder))).toEqual([]);
  writeRecording(
    join(folder, '1.lsp'),
    records('/tmp/a.py').filter(({ kind }) => kind !== 'end'),
    { state: 'recording', heartbeatNs: 0 },
  );
  const report = reportOf(folder);
  expect(reportProblems(report)).toEqual([]);
  expect(report['processes']?.[0]).toMatchObject({ state: 'lost', exit: null });
  expect(report['notes']?.[0]).toMatchObject({ severity: 'warning' });
});

test('a saved run of several processes reads back as the same report', () => {
  const startMonotonicNs = Number(process.hrtime.bigint());
  writeRecording(join(folder, '1.lsp'), records('/tmp/a.py', 3000, 5000), { startMonotonicNs });
  writeRecording(join(folder, '2.lsp'), records('/tmp/b.py'), {
    pid: 4_999_998,
    ppid: 4_999_999,
    startMonotonicNs: startMonotonicNs + 5 * ms,
  });
  const saved = join(folder, 'x.lineheat');
  open(folder).save(saved);
  expect(reportOf(saved)).toEqual(reportOf(folder));
});

test('a damaged saved run shows what can be read and says so', () => {
  writeRecording(join(folder, '1.lsp'), records('/tmp/a.py', 1000, 2000));
  writeRecording(join(folder, '2.lsp'), records('/tmp/b.py', 1000, 2000), { pid: 4_999_998 });
  const saved = join(folder, 'x.lineheat');
  open(folder).save(saved);
  const bytes = readFileSync(saved);

  truncateSync(saved, bytes.length - 100);
  const cut = open(saved);
  expect(cut.notes()[0]?.text).toMatch(/x\.lineheat is cut short/);
  expect(cut.profile().samples).toBe(3001);

  const damaged = Buffer.from(bytes);
  damaged.fill(0x55, bytes.length - 200, bytes.length - 150);
  writeFileSync(saved, damaged);
  const run = open(saved);
  expect(run.notes()[0]?.text).toMatch(
    /x\.lineheat is damaged at byte \d+: the rest of 2\.lsp is not shown/,
  );
  expect(run.profile().samples).toBe(3001);
});

test('a file that is no run is refused with one sentence', () => {
  const path = join(folder, 'x.lineheat');
  expect(() => Run.open(path, false)).toThrow(/does not exist/);
  writeFileSync(path, 'LINEHEAT-RUN 2\n');
  expect(() => Run.open(path, false)).toThrow(/newer Lineheat/);
  writeFileSync(path, 'hello');
  const run = open(path);
  expect(run.processCount).toBe(0);
  expect(run.notes()[0]?.text).toMatch(/not a Lineheat recording/);
});
