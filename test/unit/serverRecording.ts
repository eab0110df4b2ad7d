/** Recordings made by hand for the server's tests: one small program with known costs. */
import { writeFileSync } from 'node:fs';
import type {
  ProcessRecord,
  RecordingHeader,
  SampleRecord,
  StreamRecord,
} from '../../recording/records';
import { encodeHeader, headerBytes, StreamEncoder } from '../../recording/decode';

export const ms = 1e6;

export function header(over: Partial<RecordingHeader> = {}): RecordingHeader {
  return {
    major: 1,
    minor: 2,
    headerSize: headerBytes,
    committed: 0,
    // Larger than any process number Linux gives out, so that nothing here is ever alive.
    pid: 4_999_999,
    ppid: 1,
    startMonotonicNs: Number(process.hrtime.bigint()),
    startUnixNs: Date.now() * 1e6,
    intervalNs: ms,
    state: 'closed',
    whyFull: 0,
    heartbeatNs: Number(process.hrtime.bigint()),
    processCpuNs: 100 * ms,
    ...over,
  };
}

export function sample(over: Partial<SampleRecord>): SampleRecord {
  return {
    kind: 'sample',
    thread: 1,
    state: 'running',
    inSyscall: false,
    truncated: false,
    nativeIncomplete: false,
    noPython: false,
    remainder: false,
    timeNs: 0,
    cpuNs: ms,
    wallNs: ms,
    systemNs: 0,
    stack: 0,
    native: 0,
    opcode: -1,
    ...over,
  };
}

/** 3.9's table: bytecode offsets 0, 10, 20… are on consecutive lines after the first. */
const lineTable = Uint8Array.from([0, 1, 10, 1, 10, 1, 10, 1]);

/**
 * `main` (first line 1) calls `work` (first line 10) from line 3. In work, line 11 takes `python` samples of 1 ms in
 * the eval loop and line 12 `native` samples in an extension module; line 13 waits for one second.
 */
export function records(path: string, python = 20, native = 80): StreamRecord[] {
  const list: StreamRecord[] = [
    {
      kind: 'process',
      hexversion: 0x030912f0,
      engine: 'native',
      pythonVersion: '3.9.18',
      executable: '/usr/bin/python3',
      cwd: '/tmp',
      argv: ['python3', path],
      architecture: 'x86_64',
    },
    { kind: 'thread', thread: 1, tid: 4_999_999, startNs: 0, name: '', makerTid: 0 },
    { kind: 'code', code: 1, firstLine: 1, filename: path, name: 'main', qualname: '', lineTable },
    { kind: 'code', code: 2, firstLine: 10, filename: path, name: 'work', qualname: '', lineTable },
    { kind: 'stack', parent: 0, code: 1, instruction: 12, between: 0 },
    { kind: 'stack', parent: 1, code: 2, instruction: 2, between: 0 },
    { kind: 'stack', parent: 1, code: 2, instruction: 12, between: 0 },
    { kind: 'stack', parent: 1, code: 2, instruction: 22, between: 0 },
    {
      kind: 'module',
      moduleKind: 'other',
      bias: 0,
      path: '/nowhere/_fast.so',
      buildId: Uint8Array.of(1, 2, 3),
    },
    { kind: 'native', parent: 0, module: 1, offset: 0x1234, exact: true },
  ];
  let timeNs = 0;
  for (let index = 0; index < python; index++) {
    list.push(sample({ timeNs: (timeNs += ms), stack: 2 }));
  }
  for (let index = 0; index < native; index++) {
    list.push(sample({ timeNs: (timeNs += ms), stack: 3, native: 1, opcode: 131 }));
  }
  timeNs += 1000 * ms;
  list.push(sample({ timeNs, stack: 4, state: 'waiting', cpuNs: 0, wallNs: 1000 * ms }));
  list.push({
    kind: 'stats',
    timeNs,
    processCpuNs: (python + native) * ms,
    agentCpuNs: ms,
    samples: python + native + 1,
    ticks: python + native,
    dropped: 0,
    rejected: 0,
    late: 0,
    queueNs: 0,
  });
  list.push({
    kind: 'end',
    timeNs,
    exit: 0,
    processCpuNs: (python + native) * ms,
    peakBytes: 12_000_000,
  });
  return list;
}

/**
 * Python 3.12 on line 3, `    x = slow(3) + slow(1)`, of `main` (first line 1): 60 ms in the first call, 20 ms in the second,
 * 10 ms in neither; the second call allocates three times what the first one does.
 */
export function recordsWithColumns(path: string): StreamRecord[] {
  const [process, ...others] = records(path, 0, 0);
  const { filename, name } = { filename: path, name: 'main' };
  // Three instructions: columns 8 to 15, 18 to 25, and 8 to 25, 0-based.
  const columns = Uint8Array.of(0xf0, 4, 0, 9, 16, 0xf0, 0, 0, 19, 26, 0xf0, 0, 0, 9, 26);
  const code = { kind: 'code', code: 9, firstLine: 1, filename, name, qualname: name } as const;
  const end = others.filter(({ kind }) => kind === 'stats' || kind === 'end');
  const spent = [60, 20, 10].flatMap((count, at) =>
    Array.from({ length: count }, () => sample({ timeNs: ms, stack: at + 1 })),
  );
  const allocated = [1, 2, 2, 2].flatMap((stack) =>
    Array.from({ length: 10 }, (): StreamRecord => {
      const place = { thread: 1, stack, native: 0, opcode: -1, timeNs: ms };
      return { kind: 'allocation', ...place, source: 'malloc', size: 1e6, grown: 1e6, period: 0 };
    }),
  );
  return [
    { ...(process as ProcessRecord), hexversion: 0x030c01f0, pythonVersion: '3.12.1' },
    { kind: 'thread', thread: 1, tid: 4_999_999, startNs: 0, name: '', makerTid: 0 },
    { ...code, lineTable: columns },
    ...[0, 2, 4].map((instruction): StreamRecord => {
      return { kind: 'stack', parent: 0, code: 9, instruction, between: 0 };
    }),
    ...spent,
    ...allocated,
    ...end,
  ];
}

/** The same program with memory: line 11 leaks 1 MB a hundred times, line 12 has 5 MB for a moment each time. */
export function recordsWithMemory(path: string): StreamRecord[] {
  const list = records(path);
  const end = list.findIndex(({ kind }) => kind === 'end');
  const memory: StreamRecord[] = [];
  let blocks = 0;
  const allocate = (timeNs: number, stack: number, size: number): number => {
    const place = { thread: 1, stack, native: 0, opcode: -1 };
    const source = stack === 3 ? 'malloc' : 'python';
    memory.push({ kind: 'allocation', ...place, timeNs, source, size, grown: size, period: 0 });
    return ++blocks;
  };
  for (let round = 0; round < 100; round++) {
    const timeNs = (round + 0.5) * 11 * ms;
    allocate(timeNs, 2, 1e6);
    const transient = allocate(timeNs, 3, 5e6);
    memory.push({ kind: 'footprint', timeNs, resident: 2e7 + round * 1e6 });
    memory.push({ kind: 'free', timeNs: timeNs + ms, allocation: transient });
  }
  list.splice(end, 0, ...memory);
  return list;
}

/** Records of a batch. */
const batch = 8;

export function encode(list: readonly StreamRecord[]): Uint8Array {
  const encoder = new StreamEncoder();
  return Buffer.concat(
    list.flatMap((record, index) => {
      const bytes = encoder.encode(record);
      const isLast = index === list.length - 1 || index % batch === batch - 1;
      return isLast ? [bytes, encoder.check()] : [bytes];
    }),
  );
}

/** Writes a whole recording. */
export function writeRecording(
  file: string,
  list: readonly StreamRecord[],
  over: Partial<RecordingHeader> = {},
): Uint8Array {
  const body = encode(list);
  const bytes = Buffer.concat([encodeHeader(header({ committed: body.length, ...over })), body]);
  writeFileSync(file, bytes);
  return bytes;
}
