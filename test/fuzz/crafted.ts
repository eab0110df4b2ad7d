/** Small files that would like to be large: each is a few hundred kilobytes of one thing that a reader keeps. */
import { gzipSync } from 'node:zlib';
import type { SampleRecord, StreamRecord } from '../../recording/records';
import { encodeHeader, StreamEncoder } from '../../recording/decode';
import { header, ms, records, sample } from '../unit/serverRecording';
import type { Files } from './mutate';

const script = '/home/me/a.py';

/** A recording, as the agent would write it, with records put before its last two. */
function stream(more: Iterable<StreamRecord>, base = records(script)): Uint8Array {
  const encoder = new StreamEncoder();
  const end = base.findIndex(({ kind }) => kind === 'stats');
  const parts: Uint8Array[] = [];
  let batch = 0;
  for (const list of [base.slice(0, end), more, base.slice(end)]) {
    for (const record of list) {
      parts.push(encoder.encode(record));
      if (++batch % 5000 === 0) parts.push(encoder.check());
    }
  }
  parts.push(encoder.check());
  const body = Buffer.concat(parts);
  const fixed = { startMonotonicNs: 5e12, startUnixNs: 1.7e18, heartbeatNs: 5e12 + 3e9 };
  return Buffer.concat([encodeHeader(header({ ...fixed, committed: body.length })), body]);
}

function* times<T>(count: number, make: (index: number) => T): Generator<T> {
  for (let index = 0; index < count; index++) yield make(index);
}

const lsp = (bytes: Uint8Array): Files => new Map([['1.lsp', bytes]]);

function saved(entries: Iterable<[name: string, bytes: Uint8Array]>): Files {
  const parts: Uint8Array[] = [Buffer.from('LINEHEAT-RUN 1\n')];
  for (const [name, bytes] of entries) {
    parts.push(Buffer.from(`${JSON.stringify({ name, bytes: bytes.length })}\n`), bytes);
  }
  parts.push(Buffer.from('{"name":"end","bytes":0}\n'));
  return new Map([['x.lineheat', Buffer.concat(parts)]]);
}

const place = { thread: 1, stack: 2, native: 0, opcode: -1 };
const noBytes = new Uint8Array(0);
const at = (index: number, over: Partial<SampleRecord>): SampleRecord =>
  sample({ timeNs: 100 * ms + index, cpuNs: 1000, wallNs: 1000, ...over });

/** By name, so that a failure says what it was. */
export const crafted: Record<string, () => Files> = {
  stacks: () =>
    lsp(
      stream(
        times(100_000, (i) => ({ kind: 'stack', parent: 0, code: 1, instruction: i, between: 0 })),
      ),
    ),
  'sampled stacks': () =>
    lsp(
      stream(
        (function* () {
          for (let i = 0; i < 30_000; i++) {
            yield { kind: 'stack', parent: 1, code: 2, instruction: i, between: 0 } as const;
            yield at(i, { stack: 5 + i });
          }
        })(),
      ),
    ),
  'a deep stack': () =>
    lsp(
      stream(
        (function* () {
          yield {
            kind: 'code',
            code: 9,
            firstLine: 1,
            filename: script,
            name: 'n'.repeat(4000),
            qualname: '',
            lineTable: noBytes,
          } as const;
          for (let i = 0; i < 20_000; i++) {
            yield { kind: 'stack', parent: 4 + i, code: 9, instruction: 0, between: 0 } as const;
            yield at(i, { stack: 5 + i });
          }
        })(),
      ),
    ),
  'native frames': () =>
    lsp(
      stream(
        times(100_000, (i) => ({ kind: 'native', parent: 0, module: 1, offset: i, exact: false })),
      ),
    ),
  'chained native frames': () =>
    lsp(
      stream(
        (function* () {
          for (let i = 0; i < 30_000; i++) {
            yield { kind: 'native', parent: i + 1, module: 1, offset: i, exact: false } as const;
            yield at(i, { stack: 2, native: 2 + i, opcode: 131 });
          }
        })(),
      ),
    ),
  threads: () =>
    lsp(
      stream(
        times(50_000, (i) => ({
          kind: 'thread',
          thread: 2 + i,
          tid: i,
          startNs: 0,
          name: '',
          makerTid: 0,
        })),
      ),
    ),
  code: () =>
    lsp(
      stream(
        times(30_000, (i) => ({
          kind: 'code',
          code: 3 + i,
          firstLine: i,
          filename: `/f${i}`,
          name: 'f',
          qualname: '',
          lineTable: noBytes,
        })),
      ),
    ),
  'line tables': () =>
    lsp(
      stream(
        times(4, (i) => ({
          kind: 'code',
          code: 3 + i,
          firstLine: 1,
          filename: script,
          name: 'f',
          qualname: '',
          lineTable: new Uint8Array(200_000).map((_, byte) => (byte % 2 ? 1 : 2)),
        })),
      ),
    ),
  allocations: () =>
    lsp(
      stream(
        times(60_000, (i) => ({
          kind: 'allocation',
          timeNs: 100 * ms + i,
          source: 'malloc',
          size: 1,
          grown: 1,
          period: 0,
          ...place,
        })),
      ),
    ),
  libraries: () =>
    lsp(
      stream(
        times(60_000, (i) => ({
          kind: 'module',
          moduleKind: 'other',
          bias: 0,
          path: `/${i}`,
          buildId: noBytes,
        })),
      ),
    ),
  notes: () =>
    lsp(stream(times(60_000, (i) => ({ kind: 'note', severity: 'warning', text: `n${i}` })))),
  GPUs: () =>
    lsp(stream(times(60_000, (i) => ({ kind: 'gpuDevice', device: i, bytes: 0, name: '' })))),
  'uses of GPUs': () =>
    lsp(
      stream(
        times(30_000, () => ({
          kind: 'gpuUse',
          device: 0,
          startNs: 0,
          endNs: 1100 * ms,
          busyNs: 1,
          bytes: 1,
          costNs: 1,
        })),
        [...records(script, 3000, 3000)],
      ),
    ),
  processes: () => {
    const empty = gzipSync(encodeHeader(header({ startMonotonicNs: 5e12, heartbeatNs: 5e12 })));
    return saved(times(3000, (i) => [`${i}.lsp`, empty]));
  },
  'a run that unpacks to a thousand times its size': () => {
    const piece = Buffer.alloc(8 << 20);
    const list = [
      ...times(1000, () => new StreamEncoder().encode({ kind: 'free', timeNs: 0, allocation: 1 })),
    ];
    const free = Buffer.concat(list);
    for (let to = 0; to < piece.length; to += free.length)
      piece.set(free.subarray(0, piece.length - to), to);
    const packed = gzipSync(piece);
    const bytes = Buffer.from(stream([]));
    // Of the time before there were checksums.
    bytes.fill(0, 10, 12);
    bytes.fill(0, 80, 88);
    const first = gzipSync(bytes);
    return saved([['1.lsp', first], ...times(40, (): [string, Uint8Array] => ['1.lsp', packed])]);
  },
};
