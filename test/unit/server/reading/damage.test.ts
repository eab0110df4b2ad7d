/** Recordings that were changed after they were written. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RecordingHeader, StreamRecord } from '../../../../recording/records';
import { checksum } from '../../../../recording/checksum';
import { headerBytes } from '../../../../recording/decode';
import { buildReport } from '../../../../server/output/report';
import { Run } from '../../../../server/reading/run';
import { reportProblems } from '../../../reportSchema';
import { below, seeded } from '../../random';
import { ms, records, recordsWithMemory, sample, writeRecording } from '../../serverRecording';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lineheat-damage-'));
  file = join(folder, '1.lsp');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is said of a recording, and its report, which has to fit its schema. */
function open(): { notes: string[]; samples: number; report: string } {
  const run = Run.open(folder, false);
  run.readAll();
  const report = buildReport(run.profile(), run.notes());
  expect(reportProblems(JSON.parse(JSON.stringify(report)))).toEqual([]);
  const { notes, ...figures } = report;
  run.close();
  return {
    notes: (notes as { text: string }[]).map(({ text }) => text),
    samples: run.profile().samples,
    report: JSON.stringify(figures),
  };
}

test('the checksum is the CRC-32 of gzip and zip', () => {
  const bytes = Buffer.from('123456789');
  expect(checksum(0, bytes)).toBe(0xcbf43926);
  expect(checksum(checksum(0, bytes, 0, 4), bytes, 4)).toBe(0xcbf43926);
  expect(checksum(0, new Uint8Array(0))).toBe(0);
  if (typeof crc32 === 'function') expect(checksum(7, bytes)).toBe(crc32(bytes, 7));
});

test('every changed byte of a recording is noticed', () => {
  const random = seeded(3);
  const whole = writeRecording(file, recordsWithMemory('/tmp/a.py'));
  const { report, notes } = open();
  expect(notes.join()).not.toMatch(/damaged/);
  const reserved = 88;
  for (let round = 0; round < 400; round++) {
    const bytes = Buffer.from(whole);
    let at = below(random, round % 2 ? reserved : bytes.length);
    if (at >= reserved && at < headerBytes) at = headerBytes;
    bytes[at]! ^= 1 << below(random, 8);
    writeFileSync(file, bytes);
    const changed = open();
    const isSaid = changed.notes.some((text) =>
      /damaged|cut short|not a Lineheat|newer/.test(text),
    );
    expect(isSaid, `byte ${at}`).toBe(true);
    const isFigure = changed.samples > 0 && changed.report !== report;
    if (isFigure) expect(changed.notes.join('\n')).toMatch(/at byte \d+|from byte \d+|cut short/);
  }
}, 30_000);

test('moved and missing batches are noticed', () => {
  const whole = writeRecording(file, records('/tmp/a.py'));
  const body = whole.subarray(headerBytes);
  // Whole batches: the records between two checksums.
  const ends: number[] = [];
  for (let at = 0; at < body.length;) {
    const end = at + 2 + body[at + 1]!;
    if (body[at] === 13) ends.push(end);
    at = end;
  }
  const [a, b, c] = ends.slice(3) as [number, number, number];
  const spoilt: [number, Uint8Array[]][] = [
    [a, [body.subarray(0, a), body.subarray(b)]],
    [b, [body.subarray(0, b), body.subarray(a)]],
    [a, [body.subarray(0, a), body.subarray(b, c), body.subarray(a, b), body.subarray(c)]],
  ];
  for (const [from, parts] of spoilt) {
    writeFileSync(file, Buffer.concat([whole.subarray(0, headerBytes), ...parts]));
    expect(open().notes[0]).toContain(`from byte ${headerBytes + from} on has another`);
  }
});

test('a recording of a format without checksums is read as it is', () => {
  writeRecording(file, records('/tmp/a.py'), { minor: 1 });
  expect(open()).toMatchObject({ samples: 101, notes: [] });
});

const impossible: [string, (list: StreamRecord[]) => void][] = [
  ['a sample before the start', (list) => list.splice(30, 0, sample({ timeNs: -1 }))],
  ['a sample months later', (list) => list.splice(30, 0, sample({ timeNs: 1e16 }))],
  [
    'a wait longer than the run',
    (list) => list.splice(30, 0, sample({ timeNs: ms, wallNs: 1e16 })),
  ],
  ['an unknown thread', (list) => list.splice(30, 0, sample({ timeNs: ms, thread: 9 }))],
  ['a caller that is recorded later', (list) => change(list, 'stack', { parent: 9 })],
  ['an impossible line', (list) => change(list, 'code', { firstLine: 2 ** 40 })],
  ['an impossible library', (list) => change(list, 'native', { module: 7 })],
  ['impossible CPU time', (list) => change(list, 'stats', { processCpuNs: 2 ** 63 })],
  ['an impossible peak', (list) => change(list, 'end', { peakBytes: 2 ** 63 })],
];

function change(list: StreamRecord[], kind: StreamRecord['kind'], over: object): void {
  const at = list.findIndex((record) => record.kind === kind);
  list[at] = { ...list[at]!, ...over } as StreamRecord;
}

test.each(impossible)('%s is damage, even with a right checksum', (_, spoil) => {
  for (const minor of [1, 2]) {
    const list = records('/tmp/a.py');
    spoil(list);
    writeRecording(file, list, { minor });
    expect(open().notes[0]).toMatch(/1\.lsp: .* is damaged: the record at byte \d+ /);
  }
});

test('negative line numbers are no lines', () => {
  const list = records('/tmp/a.py');
  change(list, 'code', { lineTable: Uint8Array.from([10, 0x80, 10, 0x80]) });
  writeRecording(file, list);
  const { notes, report } = open();
  expect(notes[0]).toMatch(/1 functions have lines that no file can have/);
  expect(report).not.toMatch(/"line":-/);
});

test.each<[string, Partial<RecordingHeader>]>([
  ['starts after the year 2262', { startUnixNs: 2 ** 63 * 1.5 }],
  ['lived for thousands of years', { heartbeatNs: 2 ** 63 * 1.9, minor: 1 }],
  ['is sampled once a month', { intervalNs: 3e15 }],
])('a header that %s is damaged', (_, over) => {
  writeRecording(file, records('/tmp/a.py'), over);
  expect(open().notes[0]).toMatch(/its header makes no sense at byte \d+/);
});
