/**
 * Decodes frequent kinds of records by hand, since the table takes longer
 * (docs/decisions/0061-one-table-of-records.md): those that most of a long recording consists of, and those that each
 * of very many short recordings has. A test compares the results with the table's.
 */
import { allocationSources, moduleKinds, sampleFlags, sampleStates } from './codes';
import { type Clocks, knownOf } from './fields';
import type { PayloadReader } from './payload';
import type { AllocationRecord, CopyRecord } from './memoryRecords';
import type {
  ModuleRecord,
  NativeRecord,
  QueueRecord,
  SampleRecord,
  StackRecord,
  StatsRecord,
  StreamRecord,
  ThreadEndRecord,
  ThreadRecord,
} from './records';
import { recordTable } from './table';

const sampleKind = recordTable.sample.number;
const queueKind = recordTable.queue.number;
const stackKind = recordTable.stack.number;
const nativeKind = recordTable.native.number;
const allocationKind = recordTable.allocation.number;
const freeKind = recordTable.free.number;
const copyKind = recordTable.copy.number;
const footprintKind = recordTable.footprint.number;
const threadKind = recordTable.thread.number;
const threadEndKind = recordTable.threadEnd.number;
const moduleKind = recordTable.module.number;
const statsKind = recordTable.stats.number;

/** Decodes the record whose payload `read` is at; undefined for a kind that only the table decodes. */
export function decodeFast(
  kind: number,
  read: PayloadReader,
  clocks: Clocks,
): StreamRecord | undefined {
  switch (kind) {
    case sampleKind:
      return sample(read, clocks);
    case queueKind:
      return queue(read, clocks);
    case stackKind:
      return stack(read);
    case nativeKind:
      return native(read);
    case allocationKind:
      return allocation(read, clocks);
    case freeKind:
      return { kind: 'free', timeNs: memoryTime(read, clocks), allocation: read.varint() };
    case copyKind:
      return copy(read, clocks);
    case footprintKind:
      return { kind: 'footprint', timeNs: memoryTime(read, clocks), resident: read.varint() };
    case moduleKind:
      return module(read);
    case statsKind:
      return stats(read);
    case threadKind:
      return thread(read);
    case threadEndKind:
      return threadEnd(read);
    default:
      return undefined;
  }
}

function sample(read: PayloadReader, clocks: Clocks): SampleRecord {
  const thread = read.varint();
  const flags = read.varint();
  const state = read.chosen(sampleStates, flags & 3, 'thread state');
  const timeNs = (clocks.lastSampleNs += read.signed());
  const cpuNs = read.varint();
  const wallNs = read.varint();
  const systemNs = read.varint();
  const stack = read.varint();
  const native = read.varint();
  const opcode = opcodeAfter(native, read);
  const count = read.optional();
  const record: SampleRecord = {
    kind: 'sample',
    thread,
    state,
    inSyscall: (flags & sampleFlags.inSyscall) !== 0,
    truncated: (flags & sampleFlags.truncated) !== 0,
    nativeIncomplete: (flags & sampleFlags.nativeIncomplete) !== 0,
    noPython: (flags & sampleFlags.noPython) !== 0,
    remainder: (flags & sampleFlags.remainder) !== 0,
    timeNs,
    cpuNs,
    wallNs,
    systemNs,
    stack,
    native,
    opcode,
  };
  if (count > 1) record.count = count;
  if ((flags & sampleFlags.settled) !== 0) record.settled = true;
  return record;
}

function queue(read: PayloadReader, clocks: Clocks): QueueRecord {
  const thread = read.varint();
  const timeNs = clocks.lastSampleNs + read.signed();
  const wallNs = read.varint();
  const stack = read.varint();
  const native = read.varint();
  const opcode = opcodeAfter(native, read);
  return { kind: 'queue', thread, timeNs, wallNs, stack, native, opcode };
}

function stack(read: PayloadReader): StackRecord {
  return {
    kind: 'stack',
    parent: read.varint(),
    code: read.varint(),
    instruction: read.signed(),
    between: read.optional(),
  };
}

function native(read: PayloadReader): NativeRecord {
  return {
    kind: 'native',
    parent: read.varint(),
    module: read.varint(),
    offset: read.varint(),
    exact: (read.byte() & 1) === 1,
  };
}

function allocation(read: PayloadReader, clocks: Clocks): AllocationRecord {
  const thread = read.varint();
  const timeNs = memoryTime(read, clocks);
  const source = read.choice(allocationSources, 'kind of allocation');
  const size = read.varint();
  const grown = read.varint();
  const period = read.varint();
  const stack = read.varint();
  const native = read.varint();
  const opcode = opcodeAfter(native, read);
  const record: AllocationRecord = {
    kind: 'allocation',
    thread,
    timeNs,
    source,
    size,
    grown,
    period,
    stack,
    native,
    opcode,
  };
  if (read.optional() === 1) record.reserved = true;
  return record;
}

function copy(read: PayloadReader, clocks: Clocks): CopyRecord {
  const thread = read.varint();
  const timeNs = memoryTime(read, clocks);
  const size = read.varint();
  const period = read.varint();
  const stack = read.varint();
  const native = read.varint();
  const opcode = opcodeAfter(native, read);
  return { kind: 'copy', thread, timeNs, size, period, stack, native, opcode };
}

function module(read: PayloadReader): ModuleRecord {
  return {
    kind: 'module',
    moduleKind: read.choice(moduleKinds, 'module kind'),
    bias: read.varint(),
    path: read.text(),
    buildId: read.blob(),
  };
}

function stats(read: PayloadReader): StatsRecord {
  return {
    kind: 'stats',
    timeNs: read.varint(),
    processCpuNs: read.varint(),
    agentCpuNs: read.varint(),
    samples: read.varint(),
    ticks: read.varint(),
    dropped: read.varint(),
    rejected: read.varint(),
    late: read.varint(),
    queueNs: knownOf(read.optional()),
  };
}

function thread(read: PayloadReader): ThreadRecord {
  return {
    kind: 'thread',
    thread: read.varint(),
    tid: read.varint(),
    startNs: read.varint(),
    name: read.text(),
    makerTid: read.optional(),
  };
}

function threadEnd(read: PayloadReader): ThreadEndRecord {
  return {
    kind: 'threadEnd',
    thread: read.varint(),
    endNs: read.varint(),
    cpuNs: read.varint(),
  };
}

function memoryTime(read: PayloadReader, clocks: Clocks): number {
  return (clocks.lastMemoryNs += read.signed());
}

/** The opcode, a byte behind the id of a native frame. Without native frame there is no byte, and the opcode is −1. */
function opcodeAfter(native: number, read: PayloadReader): number {
  return native === 0 ? -1 : read.byte();
}
