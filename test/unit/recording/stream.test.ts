import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { AllocationRecord } from '../../../recording/memoryRecords';
import type { FrameTaker, RecordingHeader, StreamRecord } from '../../../recording/records';
import {
  encodeHeader,
  headerBytes,
  readHeader,
  StreamDecoder,
  StreamEncoder,
  StreamError,
} from '../../../recording/decode';
import { below, seeded } from '../random';
import { sample as sampleOf } from '../serverRecording';

const header: RecordingHeader = {
  major: 1,
  minor: 0,
  headerSize: headerBytes,
  committed: 123_456,
  pid: 4242,
  ppid: 1,
  startMonotonicNs: 987_654_321_012,
  startUnixNs: 1_700_000_000 * 2 ** 30,
  intervalNs: 1_000_000,
  state: 'full',
  whyFull: 27,
  heartbeatNs: 987_654_999_999,
  processCpuNs: 5_000_000_000,
};

const sample = sampleOf({
  timeNs: 1_000_000,
  cpuNs: 999_000,
  stack: 1,
  native: 1,
  opcode: 171,
});

const allocation: AllocationRecord = {
  kind: 'allocation',
  thread: 1,
  timeNs: 5,
  source: 'malloc',
  size: 900_000,
  grown: 100_000,
  period: 2 ** 19,
  stack: 2,
  native: 1,
  opcode: 171,
};

/** One of each kind, with the awkward values. */
const records: StreamRecord[] = [
  {
    kind: 'process',
    hexversion: 0x030b07f0,
    engine: 'native',
    pythonVersion: '3.11.7',
    executable: '/usr/bin/python3',
    cwd: '/home/é/日本',
    argv: ['python3', '', 'a b.py', '😀'],
    architecture: 'x86_64',
  },
  { kind: 'thread', thread: 1, tid: 4242, startNs: 0, name: '', makerTid: 0 },
  { kind: 'module', moduleKind: 'anonymous', bias: 2 ** 47, path: '', buildId: new Uint8Array(0) },
  {
    kind: 'module',
    moduleKind: 'interpreter',
    bias: 0x7f0000000000,
    path: '/usr/bin/python3',
    buildId: Uint8Array.from({ length: 20 }, (_, index) => index * 13),
  },
  {
    kind: 'code',
    code: 7,
    firstLine: 300,
    filename: '<string>',
    name: 'f',
    qualname: 'A.f',
    lineTable: Uint8Array.from({ length: 300 }, (_, index) => index & 255),
  },
  { kind: 'native', parent: 0, module: 1, offset: 0x12345, exact: true },
  { kind: 'native', parent: 1, module: 0, offset: 2 ** 52, exact: false },
  { kind: 'stack', parent: 0, code: 7, instruction: -1, between: 0 },
  { kind: 'stack', parent: 1, code: 2 ** 40, instruction: 65_534, between: 2 },
  sample,
  { ...sample, state: 'gil', timeNs: 500_000, native: 0, opcode: -1, remainder: true, stack: 0 },
  { ...sample, state: 'waiting', timeNs: 2 ** 50, inSyscall: true, truncated: true },
  { ...sample, nativeIncomplete: true, noPython: true, timeNs: 2 ** 50 - 1, opcode: 255 },
  {
    kind: 'stats',
    timeNs: 1,
    processCpuNs: 2,
    agentCpuNs: 3,
    samples: 4,
    ticks: 5,
    dropped: 6,
    rejected: 7,
    late: 8,
    queueNs: 0,
  },
  { kind: 'childEnd', timeNs: 2 ** 50, pid: 4711, signal: 15, byParent: true },
  { kind: 'queue', thread: 1, timeNs: 2 ** 50, wallNs: 3, stack: 2, native: 1, opcode: 9 },
  { kind: 'queue', thread: 1, timeNs: 5, wallNs: 4 * 10 ** 6, stack: 1, native: 0, opcode: -1 },
  { kind: 'threadEnd', thread: 1, endNs: 10, cpuNs: 127 },
  { kind: 'note', severity: 'warning', text: 'The disk is slow.' },
  { kind: 'end', timeNs: 128, exit: 0, processCpuNs: 16_384, peakBytes: 2 ** 33 },
  { kind: 'end', timeNs: 128, exit: null, processCpuNs: 0, peakBytes: 0 },
  { kind: 'end', timeNs: 128, exit: -9, processCpuNs: 0, peakBytes: 0 },
  { ...allocation, timeNs: 2 ** 51 },
  { ...allocation, timeNs: 300, source: 'python', native: 0, opcode: -1, period: 0, grown: 0 },
  { ...allocation, timeNs: 301, source: 'mapped', size: 2 ** 45, grown: 2 ** 45 },
  { ...allocation, timeNs: 302, source: 'mapped', size: 2 ** 26, reserved: true },
  { ...allocation, timeNs: 303, source: 'mapped', native: 0, opcode: -1, reserved: true },
  // Its time is no part of a chain.
  { kind: 'touched', timeNs: 2 ** 40, allocation: 4, bytes: 2 ** 20 },
  { kind: 'free', timeNs: 299, allocation: 2 },
  {
    kind: 'copy',
    thread: 2,
    timeNs: 400,
    size: 0,
    period: 2 ** 22,
    stack: 1,
    native: 0,
    opcode: -1,
  },
  // The times of memory and of samples are two chains.
  { ...sample, timeNs: 12 },
  { kind: 'copy', thread: 1, timeNs: 401, size: 9, period: 0, stack: 0, native: 2, opcode: 0 },
  { kind: 'footprint', timeNs: 400, resident: 2 ** 40 },
  { kind: 'gpuDevice', device: 0, bytes: 80 * 2 ** 30, name: 'NVIDIA H100' },
  { kind: 'gpuDevice', device: 300, bytes: 0, name: '' },
  { kind: 'gpuUse', device: 0, startNs: 7, endNs: 2 ** 40, busyNs: 5, bytes: 2 ** 30, costNs: 9 },
  { kind: 'gpuUse', device: 0, startNs: 8, endNs: 8, busyNs: null, bytes: null, costNs: 0 },
  { kind: 'gpuUse', device: 300, startNs: 8, endNs: 9, busyNs: 0, bytes: 0, costNs: 2 ** 40 },
];

function encode(list: readonly StreamRecord[]): Uint8Array {
  const encoder = new StreamEncoder();
  return Uint8Array.from(Buffer.concat(list.map((record) => encoder.encode(record))));
}

/** The same, where somebody takes frames as numbers; of damage what is said of it comes last. */
function decodeWithFrames(bytes: Uint8Array): (StreamRecord | string)[] {
  const out: (StreamRecord | string)[] = [];
  const frames: FrameTaker = {
    native: (parent, module, offset, exact) =>
      out.push({ kind: 'native', parent, module, offset, exact }),
    stack: (parent, code, instruction, between) =>
      out.push({ kind: 'stack', parent, code, instruction, between }),
  };
  try {
    new StreamDecoder().push(bytes, (record) => out.push(record), frames);
  } catch (error) {
    out.push((error as Error).message);
  }
  return out;
}

function decode(bytes: Uint8Array): StreamRecord[] {
  const out: StreamRecord[] = [];
  new StreamDecoder().push(bytes, (record) => out.push(record));
  return out;
}

test('STREAM.md has the hash that this codec was written for', () => {
  const text = readFileSync(new URL('../../../profiler-agent/STREAM.md', import.meta.url));
  // Changed the document? Change the codec and these tests with it, then this hash.
  expect(createHash('sha256').update(text).digest('hex')).toBe(
    '81be68096b0ca7b413860d53066d40d928a030bbe9c25acac2793c72f69d6ad0',
  );
});

test('a header survives the round trip', () => {
  expect(readHeader(encodeHeader(header))).toEqual(header);
});

function spoilt(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

test.each<[string, (bytes: Uint8Array) => Uint8Array, string]>([
  ['another file', () => Uint8Array.from(Buffer.from('#!/usr/bin/python')), 'notRecording'],
  ['an empty file', () => new Uint8Array(0), 'notRecording'],
  ['a cut header', (bytes) => bytes.slice(0, 100), 'corrupt'],
  ['a newer format', (bytes) => spoilt(bytes, 8, 2), 'newer'],
  ['format 0', (bytes) => spoilt(bytes, 8, 0), 'corrupt'],
  ['an impossible header size', (bytes) => spoilt(bytes, 15, 1), 'corrupt'],
  ['an impossible state', (bytes) => spoilt(bytes, 56, 9), 'corrupt'],
])('%s is refused with one sentence', (_, spoil, reason) => {
  let error: unknown;
  try {
    readHeader(spoil(encodeHeader(header)));
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(StreamError);
  expect(error).toMatchObject({ reason });
  expect((error as Error).message).toMatch(/\.$/);
});

test('every record survives the round trip', () => {
  expect(decode(encode(records))).toEqual(records);
  expect(decodeWithFrames(encode(records))).toEqual(records);
});

test('records arrive whole however the bytes are cut', () => {
  const bytes = encode(records);
  const random = seeded(7);
  for (let round = 0; round < 200; round++) {
    const decoder = new StreamDecoder();
    const out: StreamRecord[] = [];
    const most = round === 0 ? 1 : 1 + below(random, 200);
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + 1 + below(random, most));
      decoder.push(bytes.subarray(at, end), (record) => out.push(record));
      at = end;
    }
    expect(out).toEqual(records);
    expect(decoder.pending).toBe(0);
    expect(decoder.position).toBe(headerBytes + bytes.length);
  }
});

test('a decoded record does not change when the buffer it came from is reused', () => {
  const bytes = encode(records);
  const out = decode(bytes);
  bytes.fill(0);
  expect(out).toEqual(records);
});

test('a stack of format 1.0 has no frames in between', () => {
  const stack = { kind: 'stack', parent: 0, code: 1, instruction: 4 } as const;
  expect(decode(Uint8Array.from([5, 3, 0, 1, 8]))).toEqual([{ ...stack, between: 0 }]);
  const native = { kind: 'native', parent: 0, module: 0, offset: 1, exact: true } as const;
  const both = [native, { ...stack, between: 1 }];
  expect(decode(encode(both))).toEqual(both);
});

test('unknown kinds and trailing fields are skipped', () => {
  const known = encode([{ kind: 'stack', parent: 0, code: 1, instruction: 4, between: 0 }]);
  const longer = Uint8Array.from([known[0]!, known[1]! + 3, ...known.subarray(2), 1, 2, 3]);
  const unknown = Uint8Array.from([47, 2, 0xff, 0xff]);
  const bytes = Uint8Array.from([...unknown, ...longer, ...unknown, ...known]);
  expect(decode(bytes).map(({ kind }) => kind)).toEqual(['stack', 'stack']);
});

test.each<[string, number[]]>([
  ['a payload shorter than its fields', [5, 1, 0]],
  ['a text longer than its record', [11, 3, 0, 100, 65]],
  ['a number that never ends', [3, 12, ...Array<number>(12).fill(0x80)]],
  ['an unknown thread state', [8, 8, 1, 3, 0, 0, 0, 0, 0, 0]],
  ['an unknown module kind', [6, 4, 9, 0, 0, 0]],
  ['an unknown severity', [11, 2, 7, 0]],
  ['an unknown kind of allocation', [32, 8, 1, 0, 3, 1, 1, 0, 0, 0]],
  ['an allocation without its stack', [32, 6, 1, 0, 0, 1, 1, 0]],
  ['a copy with native frames and no opcode', [34, 6, 1, 0, 1, 0, 0, 1]],
  ['a use of a GPU without its cost', [37, 5, 0, 1, 1, 0, 0]],
  ['kind 0', [0, 0]],
  ['an impossible length', [36, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
])('%s is corruption at that byte, and earlier records are kept', (_, bad) => {
  const good = encode(records.slice(0, 5));
  const decoder = new StreamDecoder();
  const out: StreamRecord[] = [];
  const push = (): void =>
    decoder.push(Uint8Array.from([...good, ...bad]), (record) => out.push(record));
  const position = headerBytes + good.length;
  expect(push).toThrowError(expect.objectContaining({ reason: 'corrupt', position }) as Error);
  expect(push).toThrowError(`at byte ${position}`);
  expect(out).toEqual(records.slice(0, 5));
});

test('random bytes either decode or are refused', () => {
  const random = seeded(11);
  const good = encode(records);
  for (let round = 0; round < 2000; round++) {
    const bytes = good.slice();
    for (let changes = 1 + below(random, 4); changes > 0; changes--) {
      bytes[below(random, bytes.length)] = below(random, 256);
    }
    const out: (StreamRecord | string)[] = [];
    try {
      new StreamDecoder().push(bytes, (record) => out.push(record));
    } catch (error) {
      expect(error).toBeInstanceOf(StreamError);
      out.push((error as Error).message);
    }
    if (round % 8 === 0) expect(decodeWithFrames(bytes)).toEqual(out);
  }
});
