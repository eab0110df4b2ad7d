/**
 * Mutants of recordings: what their records say is changed and encoded again, with a right checksum, a wrong one or none;
 * or their bytes are changed, in the stream, in the layers of gzip around them, or in the file that holds all.
 */
import { gzipSync } from 'node:zlib';
import type { RecordingHeader, StreamRecord } from '../../recording/records';
import { batchStart, checksum } from '../../recording/checksum';
import { encodeHeader, StreamEncoder } from '../../recording/decode';
import { below, seeded } from '../unit/random';
import type { Seed, Stream } from './seeds';
import { otherBytes, otherEstimate, otherNumber, otherText, pick, type Random } from './values';

/** Files of a folder, by name. One called `x.lineheat` is the recording itself, otherwise the folder is. */
export type Files = Map<string, Uint8Array>;

/** The mutant of a number, always the same. */
export function mutant(seeds: readonly Seed[], seed: number, index: number): Files {
  const random = seeded((Math.imul(seed, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b)) >>> 0);
  const { streams, symbols } = pick(random, seeds);
  const files = new Map(
    streams.map((stream, at) => [`${4_100_000 + at}.lsp`, streamBytes(random, stream)] as const),
  );
  return random() < 0.35 ? folderOf(random, files) : savedOf(random, files, symbols);
}

function streamBytes(random: Random, stream: Stream): Uint8Array {
  const how = below(random, 10);
  const list =
    how < 4
      ? believable(random, stream.records)
      : how < 7
        ? changedRecords(random, stream.records)
        : [...stream.records];
  const minor = pick(random, [2, 2, 2, 1, 0, 7]);
  let body = encode(random, list, minor >= 2);
  // Damage that somebody has put the right checksum to.
  if (how === 7) body = sealed(otherBytes(random, encode(random, list, false)));
  const changed = random() < 0.15 ? changedHeader(random, stream.header) : stream.header;
  const whole = { ...changed, minor, headerSize: stream.header.headerSize, committed: body.length };
  if (random() < 0.05) whole.committed = Math.max(0, otherNumber(random, body.length));
  const bytes = Buffer.concat([encodeHeader(whole), body]);
  return how >= 8 ? otherBytes(random, bytes) : bytes;
}

function encode(random: Random, list: readonly StreamRecord[], isChecked: boolean): Uint8Array {
  const encoder = new StreamEncoder();
  const batch = 1 + below(random, 200);
  return Buffer.concat(
    list.flatMap((record, index) => {
      const bytes = encoder.encode(record);
      const isEnd = index % batch === batch - 1 || index === list.length - 1;
      return isChecked && isEnd ? [bytes, encoder.check()] : [bytes];
    }),
  );
}

function sealed(body: Uint8Array): Uint8Array {
  const check = Buffer.from([13, 4, 0, 0, 0, 0]);
  check.writeUInt32LE(checksum(batchStart(0), body), 2);
  return Buffer.concat([body, check]);
}

function changedHeader(random: Random, header: RecordingHeader): RecordingHeader {
  const changed: Record<string, unknown> = { ...header };
  const numbers = Object.keys(header).filter((key) => typeof changed[key] === 'number');
  const key = pick(random, numbers);
  changed[key] = Math.max(0, otherNumber(random, changed[key] as number));
  if (random() < 0.2) changed['state'] = pick(random, ['recording', 'closed', 'full']);
  return changed as unknown as RecordingHeader;
}

function changedRecords(random: Random, before: readonly StreamRecord[]): StreamRecord[] {
  const list = [...before];
  for (let count = 1 + below(random, 4); count > 0 && list.length > 0; count--) {
    const at = below(random, list.length);
    const to = below(random, list.length);
    switch (below(random, 9)) {
      case 0:
        list.splice(at, 1 + below(random, 3));
        break;
      case 1:
        list.splice(to, 0, list[at]!);
        break;
      case 2:
        list.splice(to, 0, ...list.splice(at, 1));
        break;
      case 3:
        list.splice(at, 0, ...Array<StreamRecord>(below(random, 2000)).fill(list[at]!));
        break;
      default:
        list[at] = changedRecord(random, list[at]!);
    }
  }
  return list;
}

/** Kinds that others name, and those that name what has to come before. */
const fixedPlace = new Set<string>([
  ...['process', 'thread', 'stack', 'native', 'module', 'allocation', 'free', 'touched'],
]);

/**
 * Many small changes that a decoder cannot object to: fields that other records of the kind have, other texts, and
 * records that no other names, elsewhere, again or not at all.
 */
function believable(random: Random, before: readonly StreamRecord[]): StreamRecord[] {
  const list = [...before];
  const byKind = new Map<string, StreamRecord[]>();
  for (const record of before) {
    byKind.set(record.kind, [...(byKind.get(record.kind) ?? []), record]);
  }
  for (let count = 1 + below(random, 60); count > 0; count--) {
    const at = below(random, list.length);
    const record = list[at]!;
    const other = pick(random, byKind.get(record.kind)!);
    const isNamed = fixedPlace.has(record.kind);
    switch (below(random, isNamed ? 4 : 7)) {
      case 0: {
        const texts = Object.entries(record).filter(([, value]) => typeof value === 'string');
        const [key, was] = pick(random, texts);
        if (!(key in choices) && key !== 'kind') {
          list[at] = { ...record, [key]: otherText(random, was as string) };
        }
        break;
      }
      case 1:
      case 2:
      case 3: {
        const key = pick(random, Object.keys(record));
        const isBackwards = ['parent', 'between', 'module', 'allocation'].includes(key);
        if (!isBackwards) list[at] = { ...record, [key]: other[key as keyof StreamRecord] };
        break;
      }
      case 4:
        list.splice(at, 1);
        break;
      case 5:
        list.splice(at, 0, other);
        break;
      default:
        list.splice(below(random, list.length - at) + at, 0, ...list.splice(at, 1));
    }
  }
  return list;
}

/** The same kind of record, with one or two of its fields changed. */
function changedRecord(random: Random, before: StreamRecord): StreamRecord {
  const record: Record<string, unknown> = { ...before };
  const keys = Object.keys(record).filter((key) => key !== 'kind');
  for (let count = 1 + below(random, 2); count > 0 && keys.length > 0; count--) {
    const key = pick(random, keys);
    const was = record[key];
    if (typeof was === 'number') record[key] = otherNumber(random, was);
    else if (typeof was === 'boolean') record[key] = !was;
    else if (key === 'severity' || key === 'state' || key === 'source' || key === 'moduleKind') {
      // What is not among the choices becomes a byte that stands for none.
      record[key] = pick(random, [...choices[key]!, 'none']);
    } else if (typeof was === 'string') record[key] = otherText(random, was);
    else if (was instanceof Uint8Array) record[key] = otherBytes(random, was);
    else if (key === 'change') {
      const figures = was as Record<string, number>;
      const figure = pick(random, Object.keys(figures));
      record[key] = { ...figures, [figure]: otherEstimate(random, figures[figure]!) };
    } else if (Array.isArray(was)) record[key] = [...(was as string[]), otherText(random, '')];
  }
  return record as unknown as StreamRecord;
}

const choices: Record<string, readonly string[]> = {
  severity: ['information', 'warning', 'error'],
  state: ['running', 'waiting', 'gil'],
  source: ['malloc', 'python', 'mapped'],
  moduleKind: ['other', 'interpreter', 'libc', 'agent', 'anonymous'],
};

function folderOf(random: Random, files: ReadonlyMap<string, Uint8Array>): Files {
  const folder: Files = new Map(files);
  if (random() < 0.3) folder.set('run.json', Buffer.from(JSON.stringify(strange(random, 2))));
  if (random() < 0.1) {
    folder.set('shared.room', otherBytes(random, Buffer.alloc(70_000 * below(random, 4))));
  }
  return folder;
}

/** Values of any shape, for what should have another. */
function strange(random: Random, depth: number): unknown {
  switch (below(random, depth > 0 ? 8 : 5)) {
    case 0:
      return null;
    case 1:
      return otherNumber(random, 1);
    case 2:
      return otherText(random, 'a.py');
    case 3:
      return [];
    case 4:
      return random() < 0.5;
    default: {
      const keys = ['program', 'writer', 'savedUnixMs', 'name', 'bytes', '__proto__', 'x'];
      const entries = keys.map((key) => [key, strange(random, depth - 1)] as const);
      return Object.fromEntries(entries.filter(() => random() < 0.8));
    }
  }
}

interface Entry {
  name: string;
  bytes: Uint8Array;
}

function savedOf(
  random: Random,
  files: ReadonlyMap<string, Uint8Array>,
  symbols: Seed['symbols'],
): Files {
  const meta = { writer: 'lineheat 0', savedUnixMs: 1.7e12, program: 'a.py' };
  const json = (value: unknown): Uint8Array => gzipSync(JSON.stringify(value), { level: 1 });
  const entries: Entry[] = [
    { name: 'meta.json', bytes: json(random() < 0.1 ? strange(random, 2) : meta) },
    { name: 'symbols.json', bytes: json(random() < 0.1 ? strange(random, 3) : symbols) },
  ];
  for (const [name, bytes] of files) {
    const size = random() < 0.2 ? 1 + below(random, bytes.length + 1) : bytes.length + 1;
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      entries.push({ name, bytes: gzipSync(piece, { level: 1 }) });
      if (entries.length > 50) break;
    }
  }
  if (random() < 0.3) changeEntries(random, entries);
  const lines = entries.flatMap(({ name, bytes }) => {
    const length = random() < 0.02 ? otherNumber(random, bytes.length) : bytes.length;
    return [Buffer.from(`${JSON.stringify({ name, bytes: length })}\n`), bytes];
  });
  const end = random() < 0.95 ? ['{"name":"end","bytes":0}\n'] : [];
  const whole = Buffer.concat([
    Buffer.from(random() < 0.98 ? 'LINEHEAT-RUN 1\n' : `LINEHEAT-RUN ${otherText(random, '1')}\n`),
    ...lines,
    ...end.map((text) => Buffer.from(text)),
  ]);
  return new Map([['x.lineheat', random() < 0.1 ? otherBytes(random, whole) : whole]]);
}

function changeEntries(random: Random, entries: Entry[]): void {
  const at = below(random, entries.length);
  const entry = entries[at]!;
  switch (below(random, 7)) {
    case 0:
      entries.splice(at, 1);
      break;
    case 1:
      entries.splice(below(random, entries.length), 0, entry);
      break;
    case 2:
      entries[at] = { ...entry, name: `${otherText(random, '1')}.lsp` };
      break;
    case 3:
      entries[at] = { ...entry, bytes: otherBytes(random, entry.bytes) };
      break;
    case 4:
      // More than it looks like.
      entries[at] = {
        ...entry,
        bytes: gzipSync(Buffer.alloc(below(random, 32) << 20), { level: 1 }),
      };
      break;
    case 5:
      // Another layer.
      entries[at] = { ...entry, bytes: gzipSync(entry.bytes, { level: 1 }) };
      break;
    default:
      entries.push({ name: otherText(random, 'x.json'), bytes: new Uint8Array(below(random, 99)) });
  }
}
