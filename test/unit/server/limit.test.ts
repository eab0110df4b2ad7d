/** Recordings that outgrow their limit are made smaller: no figure changes by that, and it is said. */
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test, vi } from 'vitest';
import type { RecordingHeader, StreamRecord } from '../../../recording/records';
import { shortestStretchNs } from '../../../profile/thin/thinner';
import { headerBytes, readHeader, StreamDecoder } from '../../../recording/decode';
import { onDisk } from '../../../server/limit/folder';
import { punchHole } from '../../../server/limit/hole';
import { RecordingLimit } from '../../../server/limit/recordingLimit';
import { joinFront, thinFront, thinWhole } from '../../../server/limit/thin';
import { buildReport } from '../../../server/output/report';
import { Run } from '../../../server/reading/run';
import { readSavedRun } from '../../../server/reading/saved/read';
import { RunStore } from '../../../server/store';
import { reportProblems } from '../../reportSchema';
import { below, seeded } from '../random';
import { encode, ms, records, sample, writeRecording } from '../serverRecording';

// On a loaded machine some of them take a while.
vi.setConfig({ testTimeout: 60_000 });

const second = 1000 * ms;
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'lineheat-limit-'));
  folders.push(made);
  return made;
}

const noPause = (): Promise<void> => Promise.resolve();

/** What a run costs, as far as order does not matter, and its notes. */
function read(path: string): { report: Record<string, unknown>; notes: string[] } {
  const run = Run.open(path, false);
  run.readAll();
  const notes = run.notes().map(({ text }) => text);
  const report = buildReport(run.profile(), []);
  expect(reportProblems(report)).toEqual([]);
  run.close();
  for (const process of report['processes'] as { memory: Record<string, unknown> | null }[]) {
    // How memory went over time is detail.
    delete process.memory?.['footprint'];
  }
  return { report, notes };
}

/** The same but for the last digits. */
function expectSame(actual: unknown, expected: unknown, at = '$'): void {
  if (typeof expected === 'number' && typeof actual === 'number') {
    const most = 1e-9 * Math.abs(expected) + 2e-6;
    expect(Math.abs(actual - expected), `${at}: ${actual} is not ${expected}`).toBeLessThan(most);
  } else if (typeof expected === 'object' && expected !== null) {
    expect(Object.keys(actual as object), at).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) {
      expectSame((actual as Record<string, unknown>)[key], value, `${at}.${key}`);
    }
  } else {
    expect(actual, at).toEqual(expected);
  }
}

/** Two threads and memory of every kind for some minutes; what is open at a moment is closed after it. */
function longRun(seed: number, seconds: number): StreamRecord[] {
  const random = seeded(seed);
  const list = records('/tmp/long.py', 0, 0);
  const end = list.splice(-3);
  list.push({ kind: 'thread', thread: 2, tid: 77, startNs: 0, name: 'worker', makerTid: 0 });
  const alive: { id: number; isReserved: boolean }[] = [];
  let blocks = 0;
  let sampleNs = 0;
  let memoryNs = 0;
  while (sampleNs < seconds * second) {
    sampleNs += below(random, 40) * ms;
    const thread = 1 + below(random, 2);
    const native = below(random, 3) === 0 ? 1 : 0;
    const stack = 1 + below(random, 4);
    const place = { thread, stack, native, opcode: native === 1 ? 131 : -1 };
    const state = (['running', 'running', 'running', 'waiting', 'gil'] as const)[below(random, 5)]!;
    const cpuNs = state === 'running' ? below(random, 4) * ms : 0;
    const wallNs = state === 'running' ? cpuNs : below(random, 15) * ms;
    list.push(
      sample({
        ...place,
        state,
        timeNs: sampleNs,
        cpuNs,
        wallNs,
        systemNs: below(random, 5) === 0 ? 4 * ms : 0,
        inSyscall: below(random, 9) === 0,
        truncated: below(random, 50) === 0,
      }),
    );
    if (below(random, 30) === 0) {
      // Time left over is the kind of work that ran before it.
      const rest = { thread, stack: 0, remainder: true, timeNs: sampleNs, cpuNs: ms, wallNs: ms };
      list.push(sample(rest));
    }
    if (below(random, 6) === 0) {
      list.push({ kind: 'queue', ...place, timeNs: sampleNs, wallNs: below(random, 900_000) });
    }
    memoryNs = sampleNs + below(random, 5) * ms;
    const size = 1 + below(random, 2 ** below(random, 22));
    const period = [0, 1000, 500_000][below(random, 3)]!;
    const source = (['malloc', 'python', 'mapped'] as const)[below(random, 3)]!;
    const isReserved = source === 'mapped' && below(random, 2) === 0;
    const grown = below(random, 4) === 0 ? size >> 1 : size;
    const made = { ...place, timeNs: memoryNs, source, size, grown, period };
    list.push({ kind: 'allocation', ...made, ...(isReserved && { reserved: true }) });
    alive.push({ id: ++blocks, isReserved });
    // Ever more is held for the first half, then ever less.
    const isShrinking = sampleNs > (seconds * second) / 2;
    for (let left = below(random, isShrinking ? 4 : 2); left > 0 && alive.length > 0; left--) {
      const { id } = alive.splice(below(random, alive.length), 1)[0]!;
      list.push({ kind: 'free', timeNs: memoryNs, allocation: id });
    }
    for (const { id } of alive.filter((one) => one.isReserved && below(random, 20) === 0)) {
      list.push({ kind: 'touched', timeNs: memoryNs, allocation: id, bytes: below(random, 3e6) });
    }
    if (below(random, 3) === 0) {
      list.push({ kind: 'copy', ...place, timeNs: memoryNs, size, period });
      list.push({ kind: 'footprint', timeNs: memoryNs, resident: 1e7 + below(random, 1e7) });
    }
  }
  for (const record of end) {
    if (record.kind === 'stats' || record.kind === 'end')
      list.push({ ...record, timeNs: memoryNs });
  }
  return list;
}

/** The header of a process that lived so long. */
function lived(seconds: number, over: Partial<RecordingHeader> = {}): Partial<RecordingHeader> {
  const heartbeatNs = Number(process.hrtime.bigint());
  return { startMonotonicNs: heartbeatNs - seconds * second, heartbeatNs, ...over };
}

/** Records of a saved recording. */
function savedRecords(path: string): { header: RecordingHeader; list: StreamRecord[] } {
  const pieces = [...readSavedRun(path).pieces([])].map(({ bytes }) => bytes);
  const bytes = new Uint8Array(Buffer.concat(pieces));
  const header = readHeader(bytes);
  const list: StreamRecord[] = [];
  new StreamDecoder(header).push(bytes.subarray(headerBytes), (record) => list.push(record));
  return { header, list };
}

test.each([1, 2, 3])('thinning a whole recording changes no figure (seed %i)', async (seed) => {
  const path = join(folder(), '4999999.lsp');
  writeRecording(path, longRun(seed, 100), lived(100));
  const before = read(path);
  const size = statSync(path).size;
  expect(before.notes.join()).not.toContain('limit');
  for (const stretch of [1, 4, 16, 256]) {
    await thinWhole(path, stretch * shortestStretchNs, noPause);
    const after = read(path);
    expectSame(after.report, before.report);
    expect(after.notes.join()).toMatch(/reached its limit\. Up to 1 m 40 s into the run/);
  }
  expect(statSync(path).size).toBeLessThan(size / 4);
});

test.each([4, 5])(
  'thinning the old part of a live recording changes no figure (seed %i)',
  async (seed) => {
    const made = folder();
    const path = join(made, '4999999.lsp');
    const list = longRun(seed, 60);
    const bytes = writeRecording(path, list, lived(60, { state: 'recording' }));
    const before = read(path).report;
    for (const part of [0.3, 0.31, 0.8]) {
      const until = Math.floor((bytes.length - headerBytes) * part);
      const { resume } = await thinFront(path, until, 4 * shortestStretchNs, noPause);
      expect(resume).toBeLessThanOrEqual(until);
      await punchHole(path, headerBytes, resume);
      expect(readFileSync(path).subarray(0, headerBytes)).toEqual(
        Buffer.from(bytes.subarray(0, headerBytes)),
      );
      const after = read(made);
      expectSame(after.report, before);
      expect(after.notes.join()).toContain('reached its limit');
    }
    // Without its front it says where that should be.
    renameSync(`${path}.front`, `${path}.elsewhere`);
    expect(read(made).notes.join()).toMatch(/its beginning is missing.*4999999\.lsp\.front/);
    renameSync(`${path}.elsewhere`, `${path}.front`);
    // What is saved of it is one recording again.
    const run = Run.open(made, false);
    run.readAll();
    const saved = join(made, 'a.lineheat');
    run.save(saved);
    run.close();
    expectSame(read(saved).report['files'], before['files']);
    await joinFront(path, noPause);
    expect(readdirSync(made).sort()).toEqual(['4999999.lsp', 'a.lineheat']);
    expectSame(read(path).report, before);
  },
);

test('a reader that follows a recording continues after it is thinned', async () => {
  const made = folder();
  const path = join(made, '4999999.lsp');
  const bytes = writeRecording(path, longRun(6, 60), lived(60, { state: 'recording' }));
  const before = read(path).report;
  const run = Run.open(made, true);
  const half = Math.floor(bytes.length / 2);
  const pollBytes = 1 << 12;
  for (let position = 0; position < half; position += pollBytes) run.poll(pollBytes);
  const { resume } = await thinFront(path, half, shortestStretchNs, noPause);
  await punchHole(path, headerBytes, resume);
  run.programEnded();
  run.readAll();
  const report = buildReport(run.profile(), []) as Record<string, unknown>;
  expect(
    run
      .notes()
      .map(({ text }) => text)
      .join(),
  ).not.toContain('damaged');
  run.close();
  expectSame(report['total'], before['total']);
});

test.each(['3.9', '3.10', '3.11', '3.12', '3.13', '3.14', '3.15'])(
  'thinning a real recording of Python %s changes no figure',
  async (version) => {
    const fixture = new URL(`../fixtures/recordings/${version}.linescope`, import.meta.url);
    const { header, list } = savedRecords(fileURLToPath(fixture));
    const path = join(folder(), '4999999.lsp');
    writeRecording(path, list, { ...header, minor: 2, committed: encode(list).length });
    const before = read(path);
    await thinWhole(path, shortestStretchNs, noPause);
    expectSame(read(path).report, before.report);
  },
);

test('thinning keeps the lines for which helper threads worked', async () => {
  const path = join(folder(), '4999999.lsp');
  const list = records('/tmp/a.py', 0, 0);
  const end = list.splice(-3);
  list.push({ kind: 'thread', thread: 2, tid: 77, startNs: 0, name: '', makerTid: 0 });
  for (let timeNs = ms; timeNs < 20 * second; timeNs += ms) {
    const stack = 2 + ((timeNs / ms) % 2);
    list.push(sample({ timeNs, stack, native: 1, opcode: 131 }));
    const isHelped = timeNs > 10 * second && timeNs < 11 * second;
    if (isHelped) list.push(sample({ thread: 2, timeNs, stack: 0, native: 1, opcode: 131 }));
  }
  const [, stats, last] = end as [StreamRecord, StreamRecord, StreamRecord];
  list.push(
    { ...stats, timeNs: 20 * second } as StreamRecord,
    { ...last, timeNs: 20 * second } as StreamRecord,
  );
  writeRecording(path, list, lived(20));
  const before = read(path).report;
  const size = statSync(path).size;
  await thinWhole(path, 256 * shortestStretchNs, noPause);
  expectSame(read(path).report, before);
  expect(JSON.stringify(before)).toMatch(/"helper_s":0\.[1-9]/);
  expect(statSync(path).size / size).toBeLessThan(0.1);
});

test('thinning keeps the lines that kept a GPU busy', async () => {
  const path = join(folder(), '4999999.lsp');
  const list = records('/tmp/a.py', 0, 0);
  const end = list.splice(-3);
  list.push({ kind: 'gpuDevice', device: 0, bytes: 2 ** 36, name: 'NVIDIA H100' });
  for (let timeNs = ms; timeNs < 20 * second; timeNs += ms) {
    list.push(sample({ timeNs, stack: 2 + (Math.floor(timeNs / (30 * ms)) % 3) }));
    if ((timeNs / ms) % 100 !== 0) continue;
    const startNs = timeNs - 100 * ms;
    const busyNs = (timeNs / 100) % (90 * ms);
    list.push({
      kind: 'gpuUse',
      device: 0,
      startNs,
      endNs: timeNs,
      busyNs,
      bytes: 2 ** 30,
      costNs: 9,
    });
  }
  const [, stats, last] = end as [StreamRecord, StreamRecord, StreamRecord];
  list.push(
    { ...stats, timeNs: 20 * second } as StreamRecord,
    { ...last, timeNs: 20 * second } as StreamRecord,
  );
  writeRecording(path, list, lived(20));
  const before = read(path).report;
  for (const stretch of [4, 256]) {
    await thinWhole(path, stretch * shortestStretchNs, noPause);
    expectSame(read(path).report, before);
  }
  expect(JSON.stringify(before)).toMatch(/"gpu":\{"self_s":[1-9]/);
});

test(
  'a run is kept below its limit, the oldest recordings first',
  { timeout: 60_000 },
  async () => {
    const made = folder();
    const heartbeatNs = Number(process.hrtime.bigint()) - 10 * second;
    const size = ['4999990', '4999991', '4999992', '4999993'].map((name, index) => {
      const startMonotonicNs = heartbeatNs - (100 - index) * second;
      const over = { startMonotonicNs, heartbeatNs, pid: Number(name) };
      return writeRecording(join(made, `${name}.lsp`), longRun(index, 80), over).length;
    });
    const all = size.reduce((sum, bytes) => sum + bytes, 0);
    const before = read(made).report;
    const limit = new RecordingLimit(made, all * 0.8);
    limit.start();
    const used = (): number[] => readdirSync(made).map((name) => statSync(join(made, name)).size);
    const sum = (): number => used().reduce((total, bytes) => total + bytes, 0);
    await expect.poll(sum, { timeout: 30_000 }).toBeLessThan(all * 0.7);
    await limit.stop();
    expect(limit.notes.map(({ text }) => text).join()).toMatch(/^The recording reached its limit/);
    // The newest one is as it was.
    expect(statSync(join(made, '4999993.lsp')).size).toBe(size[3]);
    const after = read(made);
    expectSame(after.report, before);
    expect(after.notes.join()).toMatch(/The recording reached its limit/);
    expect(readdirSync(made).filter((name) => !name.endsWith('.lsp'))).toEqual([]);
  },
);

test('another reader notices that a recording was thinned', async () => {
  const path = join(folder(), '4999999.lsp');
  writeRecording(path, longRun(7, 60), lived(60, { state: 'recording' }));
  const run = Run.open(path, true);
  run.poll(1 << 12);
  const { resume } = await thinFront(path, 100_000, shortestStretchNs, noPause);
  await punchHole(path, headerBytes, resume);
  run.programEnded();
  run.readAll();
  const notes = run.notes().map(({ text }) => text);
  run.close();
  expect(notes.join()).toMatch(/4999999\.lsp was made smaller while it was read/);
});

test('the server keeps a live run below its limit', async () => {
  const made = folder();
  const path = join(made, '4999999.lsp');
  const size = writeRecording(path, longRun(8, 60), lived(60, { state: 'recording' })).length;
  const before = read(path).report;
  const notes = new Set<string>();
  const store = new RunStore({
    status: (status) => status.notes.forEach(({ text }) => notes.add(text)),
    shown: () => undefined,
    failed: (what, error) => expect.fail(`${what}: ${String(error)}`),
  });
  store.open({ run: 'a', path: made, live: true, limitBytes: size / 2 });
  await expect.poll(() => [...notes].join(), { timeout: 30_000 }).toContain('reached its limit');
  const run = store.get('a')!;
  expectSame(buildReport(run.profile(), [])['files'], before['files']);
  store.close();
  expect(onDisk(made).bytes).toBeLessThan(size);
  expectSame(read(made).report['files'], before['files']);
});

test('a file system without holes is reported', async () => {
  const made = folder();
  const path = join(made, '4999999.lsp');
  const size = writeRecording(path, longRun(9, 60), lived(60, { state: 'recording' })).length;
  const searched = process.env['PATH'];
  process.env['PATH'] = made;
  try {
    const limit = new RecordingLimit(made, size / 2);
    limit.start();
    const said = (): string => limit.notes.map(({ text }) => text).join();
    await expect
      .poll(said, { timeout: 30_000 })
      .toMatch(/more than its limit.*fallocate.*not there/);
    await limit.stop();
  } finally {
    process.env['PATH'] = searched;
  }
  expect(readdirSync(made)).toEqual(['4999999.lsp']);
  expect(read(made).notes.join()).not.toContain('limit');
});

test('a recording that cannot be made smaller is reported', async () => {
  const made = folder();
  const heartbeatNs = Number(process.hrtime.bigint()) - 10 * second;
  const bytes = writeRecording(join(made, '4999990.lsp'), longRun(1, 30), {
    heartbeatNs,
    startMonotonicNs: heartbeatNs - 30 * second,
  });
  writeFileSync(join(made, 'other'), Buffer.alloc(bytes.length));
  const limit = new RecordingLimit(made, bytes.length / 2);
  limit.start();
  const said = (): string => limit.notes.map(({ text }) => text).join();
  await expect.poll(said, { timeout: 30_000 }).toMatch(/takes .* more than its limit of/);
  await limit.stop();
});
