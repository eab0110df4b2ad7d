/** Records that the agent's encoders write are what the server's decoder reads, figure by figure (record_bytes.c). */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StreamRecord } from '../../../recording/records';
import { readHeader, StreamDecoder } from '../../../recording/decode';
import { Folders, recordings } from '../programs';
import { build, output, unwinder } from '../units';

const folders = new Folders();
afterAll(() => folders.clear());

const sampleCount = 60_000;
const stackCount = 9000;
const records = [
  ...['recording', 'records', 'memory_records', 'gpu_records', 'intern', 'words'],
  ...['record_writer', 'recording_file', 'checksum', 'shared_room'],
].map((name) => `record/${name}`);
const rest = unwinder.filter((part) => part !== 'unwind/eh_frame' && part !== 'unwind/cfi');

type Kind = StreamRecord['kind'];

describe.each(['none', 'address'] as const)('with the sanitizer %s', (sanitizer) => {
  const all: StreamRecord[] = [];
  let bytes = new Uint8Array();
  const some = <K extends Kind>(kind: K) =>
    all.filter((record): record is Extract<StreamRecord, { kind: K }> => record.kind === kind);

  beforeAll(() => {
    const parts = [...records, ...rest, 'cpython/text'];
    const binary = build({ name: 'record_bytes', parts }, folders.make(), sanitizer);
    const folder = folders.make();
    expect(output(binary, [folder])).toBe('1 0\n');
    bytes = new Uint8Array(readFileSync(recordings(folder)[0]!));
    const header = readHeader(bytes);
    expect(header).toMatchObject({ state: 'closed', intervalNs: 1e6, headerSize: 128 });
    // What it was given beyond its end is given back.
    expect(bytes.length).toBe(128 + header.committed);
    const decoder = new StreamDecoder(header);
    decoder.push(bytes.subarray(128), (record) => all.push(record));
    expect(decoder.leftOver).toBeUndefined();
  });

  test('decodes processes, threads, notes, statistics and GPU records', () => {
    expect(some('process')).toMatchObject([
      { hexversion: 0x030c01f0, engine: 'native', pythonVersion: '3.12.1 (unit)' },
    ]);
    const threads = some('thread');
    expect(threads).toMatchObject([
      { thread: 1, tid: 4242, name: 'Tråd', makerTid: 0 },
      { thread: 2, tid: 2 ** 31 - 1, name: '', makerTid: 4242 },
    ]);
    const { startNs } = threads[0]!;
    expect(threads[1]!.startNs).toBe(startNs + 1);
    expect(some('threadEnd')).toEqual([
      { kind: 'threadEnd', thread: 2, endNs: startNs + 2000, cpuNs: 1234 },
    ]);
    expect(some('note').map(({ severity, text }) => [severity, text])).toEqual([
      ['information', 'information'],
      ['warning', 'warning'],
      ['error', 'error: “é”'],
    ]);
    expect(some('childEnd')).toMatchObject([
      { pid: 4243, signal: 9, byParent: true },
      { pid: 4244, signal: 11, byParent: false },
    ]);
    const stats = { samples: 2, ticks: 3, dropped: 4, rejected: 5, late: 6, queueNs: 7 };
    expect(some('stats')).toMatchObject([
      { agentCpuNs: 1, ...stats },
      { agentCpuNs: 1, samples: 0, queueNs: null },
    ]);
    expect(some('gpuDevice')).toMatchObject([{ device: 1, bytes: 85_899_345_920, name: 'H100' }]);
    expect(some('gpuUse')).toMatchObject([
      { startNs, endNs: startNs + 1000, busyNs: 10, bytes: 4096, costNs: 7 },
      { startNs: startNs + 1000, endNs: startNs + 1000, busyNs: null, bytes: null, costNs: 0 },
    ]);
    expect(some('end')).toMatchObject([{ exit: null }]);
  });

  test('decodes code with names in each of Python’s string widths', () => {
    const [first, second, ...more] = some('code');
    expect(more).toEqual([]);
    expect(first).toMatchObject({ code: 1, firstLine: 7, filename: '/a b.py', name: 'fé' });
    expect(first!.qualname).toBe('ЖB');
    expect(first!.lineTable).toEqual(Uint8Array.from({ length: 150_000 }, (_, i) => (i * 7) % 256));
    expect(second).toMatchObject({ code: 2, name: '😀', lineTable: new Uint8Array([0, 7]) });
  });

  test('decodes each stack and native frame, written once', () => {
    expect(some('native')).toEqual([
      { kind: 'native', parent: 0, module: 0, offset: 0x1234, exact: true },
      { kind: 'native', parent: 1, module: 0, offset: 0x7fff00001000, exact: false },
    ]);
    expect(some('stack')).toEqual(
      Array.from({ length: stackCount }, (_, i) => ({
        kind: 'stack',
        parent: i % 100 === 0 ? 0 : i,
        code: 1 + (i % 2),
        instruction: i % 100 !== 0 && i % 3 === 0 ? -1 : i,
        between: i % 5 === 0 ? 2 : 0,
      })),
    );
  });

  test('decodes samples and time without a core', () => {
    const startNs = some('thread')[0]!.startNs;
    const found = all.filter(({ kind }) => kind === 'sample' || kind === 'queue');
    expect(found).toHaveLength(sampleCount);
    const wrong = found.filter((record, i) => {
      if (record.kind !== 'sample' && record.kind !== 'queue') return true;
      const timeNs = startNs + i * 100 + (i % 7 === 0 ? 650 : 0);
      const right =
        record.thread === 1 + (i % 2) &&
        record.timeNs === timeNs &&
        record.wallNs === i * 65_537 &&
        record.stack === i % (stackCount + 1) &&
        record.native === i % 3 &&
        record.opcode === (i % 3 === 0 ? -1 : i % 256);
      if (i % 10 === 9) return !right || record.kind !== 'queue';
      const isSample = record.kind === 'sample';
      const [cpuNs, systemNs] = isSample ? [record.cpuNs, record.systemNs] : [];
      const waiting = isSample && record.state === 'waiting';
      return !right || cpuNs !== 2 ** (i % 33) || systemNs !== i % 130 || waiting !== (i % 2 === 1);
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  test('decodes allocations, frees, copies and footprints', () => {
    const startNs = some('thread')[0]!.startNs;
    const timeNs = (i: number) => startNs + i * 100 + (i % 7 === 0 ? 650 : 0);
    expect(some('allocation')).toEqual(
      Array.from({ length: 200 }, (_, i) => ({
        kind: 'allocation',
        thread: 1 + (i % 2),
        timeNs: timeNs(i),
        source: (['malloc', 'python', 'mapped'] as const)[i % 3],
        size: 2 ** (i % 48),
        grown: i,
        period: i % 2 === 0 ? 524_288 : 0,
        stack: i,
        native: i % 3,
        opcode: i % 3 === 0 ? -1 : i,
        ...(i % 4 === 3 ? { reserved: true } : {}),
      })),
    );
    expect(some('touched')).toMatchObject([{ timeNs: timeNs(201), allocation: 4, bytes: 4096 }]);
    expect(some('free')).toMatchObject([{ timeNs: timeNs(202), allocation: 200 }]);
    expect(some('copy')).toMatchObject([{ timeNs: timeNs(203), size: 99, stack: 3, opcode: 5 }]);
    expect(some('footprint')).toMatchObject([{ timeNs: timeNs(204), resident: 2 ** 40 }]);
  });
});
