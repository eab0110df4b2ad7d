/**
 * The kinds of records, their numbers, and their fields in the order in which they are written. Encoder and decoder
 * are made from this table; tests compare it with STREAM.md and with the agent's C.
 */
import { allocationSources, memoryFigures, moduleKinds, severities } from './codes';
import { figures, flags, place, reservedPart, uncharged } from './fieldGroups';
import * as field from './fields';
import { cellTops, type StreamRecord } from './records';

export type Kind = StreamRecord['kind'];
export type RecordOf<K extends Kind> = Extract<StreamRecord, { kind: K }>;

/** The record that ends a batch; StreamDecoder reads it before the records of the batch. */
type Check = { check: { number: number; fields: readonly field.Field<{ crc: number }>[] } };
type Table = { [K in Kind]: { number: number; fields: readonly field.Field<RecordOf<K>>[] } };

export const recordTable = {
  process: {
    number: 1,
    fields: [
      field.varint('hexversion'),
      field.text('engine'),
      field.text('pythonVersion'),
      field.text('executable'),
      field.text('cwd'),
      field.texts('argc', 'argv'),
      field.text('architecture'),
    ],
  },
  thread: {
    number: 2,
    fields: [
      field.varint('thread'),
      field.varint('tid'),
      field.varint('startNs'),
      field.text('name'),
      field.trailing('makerTid'),
    ],
  },
  threadEnd: {
    number: 3,
    fields: [field.varint('thread'), field.varint('endNs'), field.varint('cpuNs')],
  },
  code: {
    number: 4,
    fields: [
      field.varint('code'),
      field.varint('firstLine'),
      field.text('filename'),
      field.text('name'),
      field.text('qualname'),
      field.blob('lineTable'),
    ],
  },
  stack: {
    number: 5,
    fields: [
      field.varint('parent'),
      field.varint('code'),
      field.signed('instruction'),
      field.trailing('between'),
    ],
  },
  module: {
    number: 6,
    fields: [
      field.choice('moduleKind', moduleKinds, 'module kind'),
      field.varint('bias'),
      field.text('path'),
      field.blob('buildId'),
    ],
  },
  native: {
    number: 7,
    fields: [
      field.varint('parent'),
      field.varint('module'),
      field.varint('offset'),
      field.bit('exact'),
    ],
  },
  sample: {
    number: 8,
    fields: [
      field.varint('thread'),
      flags,
      field.timeAfter('timeNs', 'lastSampleNs'),
      field.varint('cpuNs'),
      field.varint('wallNs'),
      field.varint('systemNs'),
      ...place,
      field.several('count'),
    ],
  },
  stats: {
    number: 9,
    fields: [
      field.varint('timeNs'),
      field.varint('processCpuNs'),
      field.varint('agentCpuNs'),
      field.varint('samples'),
      field.varint('ticks'),
      field.varint('dropped'),
      field.varint('rejected'),
      field.varint('late'),
      field.trailingKnown('queueNs'),
    ],
  },
  end: {
    number: 10,
    fields: [
      field.varint('timeNs'),
      field.exitStatus('exit'),
      field.varint('processCpuNs'),
      field.varint('peakBytes'),
    ],
  },
  note: {
    number: 11,
    fields: [field.choice('severity', severities, 'severity'), field.text('text')],
  },
  queue: {
    number: 12,
    fields: [
      field.varint('thread'),
      field.timeBeside('timeNs', 'lastSampleNs'),
      field.varint('wallNs'),
      ...place,
    ],
  },
  check: { number: 13, fields: [field.fixed('crc')] },
  childEnd: {
    number: 14,
    fields: [
      field.varint('timeNs'),
      field.varint('pid'),
      field.varint('signal'),
      field.flag('byParent'),
    ],
  },
  thinned: {
    number: 15,
    fields: [
      field.varint('untilNs'),
      field.varint('stretchNs'),
      field.varint('batch'),
      field.clock('lastSampleNs'),
      field.clock('lastMemoryNs'),
      field.varint('allocations'),
      uncharged,
    ],
  },
  helped: {
    number: 16,
    fields: [
      field.varint('thread'),
      ...place,
      field.choice('top', cellTops, 'state'),
      field.varint('cpuNs'),
      field.varint('unsureNs'),
      field.varint('afterNs'),
      field.varint('samples'),
      field.varint('pythonNs'),
      field.varint('runtimeNs'),
      field.varint('nativeNs'),
      field.varint('systemNs'),
    ],
  },
  allocation: {
    number: 32,
    fields: [
      field.varint('thread'),
      field.timeAfter('timeNs', 'lastMemoryNs'),
      field.choice('source', allocationSources, 'kind of allocation'),
      field.varint('size'),
      field.varint('grown'),
      field.varint('period'),
      ...place,
      field.yes('reserved'),
    ],
  },
  free: {
    number: 33,
    fields: [field.timeAfter('timeNs', 'lastMemoryNs'), field.varint('allocation')],
  },
  copy: {
    number: 34,
    fields: [
      field.varint('thread'),
      field.timeAfter('timeNs', 'lastMemoryNs'),
      field.varint('size'),
      field.varint('period'),
      ...place,
    ],
  },
  footprint: {
    number: 35,
    fields: [field.timeAfter('timeNs', 'lastMemoryNs'), field.varint('resident')],
  },
  gpuDevice: {
    number: 36,
    fields: [field.varint('device'), field.varint('bytes'), field.text('name')],
  },
  gpuUse: {
    number: 37,
    fields: [
      field.varint('device'),
      field.varint('startNs'),
      field.above('endNs', 'startNs'),
      field.known('busyNs'),
      field.known('bytes'),
      field.varint('costNs'),
      field.yes('settled'),
    ],
  },
  touched: {
    number: 38,
    fields: [field.varint('timeNs'), field.varint('allocation'), field.varint('bytes')],
  },
  memorySum: {
    number: 39,
    fields: [
      field.varint('timeNs'),
      ...place,
      field.varint('records'),
      field.varint('firstNs'),
      field.varint('lastNs'),
      figures(memoryFigures),
    ],
  },
  block: {
    number: 40,
    fields: [
      field.varint('allocation'),
      ...place,
      field.number('bytes'),
      field.number('variance'),
      reservedPart,
    ],
  },
  gpuPlace: {
    number: 41,
    fields: [...place, field.varint('ns')],
  },
} as const satisfies Table & Check;

/** The fields of a kind, for code that handles records of any kind. */
export interface AnyKind {
  kind: Kind;
  fields: readonly field.Field<object>[];
}

/** The kinds by their numbers, 0…255; undefined: there is no such kind. */
export const kindsByNumber: readonly (AnyKind | undefined)[] = byNumber();

/** The fields of a record's kind. */
export function fieldsOf(record: StreamRecord): readonly field.Field<StreamRecord>[] {
  return recordTable[record.kind].fields as unknown as readonly field.Field<StreamRecord>[];
}

function byNumber(): (AnyKind | undefined)[] {
  const kinds = Array<AnyKind | undefined>(256).fill(undefined);
  for (const [kind, { number, fields }] of Object.entries(recordTable)) {
    if (kind !== 'check') kinds[number] = { kind: kind as Kind, fields: fields as never };
  }
  return kinds;
}
