/** What mutants are made of: recordings as lists of records, from real programs and made by hand. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RecordingHeader, StreamRecord } from '../../recording/records';
import { shortestStretchNs, Thinner } from '../../profile/thin/thinner';
import { readHeader, StreamDecoder } from '../../recording/decode';
import { readSavedRun } from '../../server/reading/saved/read';
import type { SavedSymbols } from '../../server/symbols/symbols';
import { header, ms, records, recordsWithMemory } from '../unit/serverRecording';

/** One process. */
export interface Stream {
  header: RecordingHeader;
  records: StreamRecord[];
}
export interface Seed {
  streams: Stream[];
  symbols: SavedSymbols;
}

/** Fixed times, so that a mutant is the same on every day. */
const fixed: Partial<RecordingHeader> = {
  startMonotonicNs: 5e12,
  startUnixNs: 1.7e18,
  heartbeatNs: 5e12 + 3e9,
};

function read(path: string): Seed {
  const saved = readSavedRun(path);
  const files = new Map<string, Uint8Array[]>();
  for (const { name, bytes } of saved.pieces([])) {
    files.set(name, [...(files.get(name) ?? []), bytes]);
  }
  const streams = [...files.values()].map((pieces): Stream => {
    const bytes = new Uint8Array(Buffer.concat(pieces));
    const streamHeader = readHeader(bytes);
    const list: StreamRecord[] = [];
    const decoder = new StreamDecoder(streamHeader);
    decoder.push(bytes.subarray(streamHeader.headerSize), (record) => list.push(record));
    return { header: streamHeader, records: list };
  });
  return { streams, symbols: saved.symbols };
}

function byHand(...lists: StreamRecord[][]): Seed {
  const streams = lists.map((list, index) => ({
    header: header({ ...fixed, pid: 4_100_000 + index }),
    records: list,
  }));
  return { streams, symbols: {} };
}

/** Kinds of records that the real ones lack. */
function withEverything(): StreamRecord[] {
  const list = recordsWithMemory('/home/me/a.py');
  const place = { thread: 1, stack: 3, native: 1, opcode: 131 };
  const end = list.findIndex(({ kind }) => kind === 'stats');
  list.splice(
    end,
    0,
    { kind: 'queue', timeNs: 1200 * ms, wallNs: 5 * ms, ...place },
    { kind: 'gpuDevice', device: 0, bytes: 2 ** 36, name: 'NVIDIA H100' },
    ...Array.from({ length: 10 }, (_, index): StreamRecord => {
      const startNs = index * 100 * ms;
      const endNs = startNs + 100 * ms;
      return { kind: 'gpuUse', device: 0, startNs, endNs, busyNs: ms, bytes: 2 ** 30, costNs: 9 };
    }),
    {
      kind: 'allocation',
      timeNs: 1200 * ms,
      source: 'mapped',
      size: 2 ** 26,
      grown: 2 ** 26,
      period: 2 ** 19,
      reserved: true,
      ...place,
    },
    { kind: 'touched', timeNs: 1201 * ms, allocation: 201, bytes: 2 ** 20 },
    { kind: 'copy', timeNs: 1202 * ms, size: 2 ** 20, period: 2 ** 20, ...place },
    { kind: 'note', severity: 'warning', text: 'The disk is slow.' },
    { kind: 'threadEnd', thread: 1, endNs: 1203 * ms, cpuNs: 100 * ms },
  );
  return list;
}

/** A recording that was made smaller, and goes on. */
function thinned(list: readonly StreamRecord[]): StreamRecord[] {
  const made: StreamRecord[] = [];
  const put = (record: StreamRecord): void => void made.push(record);
  const thinner = new Thinner(header(fixed), shortestStretchNs, put, put);
  const border = Math.floor(list.length * 0.7);
  for (const record of list.slice(0, border)) thinner.take(record);
  const end = thinner.finish();
  made.push({ kind: 'thinned', ...end, batch: 1, lastSampleNs: 0, lastMemoryNs: 0 });
  return [...made, ...list.slice(border)];
}

const corpus = fileURLToPath(new URL('corpus/', import.meta.url));

export function readSeeds(): Seed[] {
  const real = readdirSync(corpus).filter((name) => name.endsWith('.linescope'));
  return [
    ...real.sort().map((name) => read(`${corpus}${name}`)),
    byHand(records('/home/me/a.py')),
    byHand(withEverything()),
    byHand(thinned(withEverything())),
    byHand(records('/home/me/a.py', 5, 5), records('/home/me/a.py', 3, 3)),
  ];
}
