/** Writes records as profiler-agent/STREAM.md lays them out: for tests, and for saving what was read. */
import type {
  AllocationSource,
  BlockRecord,
  HelpedRecord,
  MemoryFigures,
  MemorySumRecord,
  ModuleKind,
  SampleRecord,
  Severity,
  StreamRecord,
  ThinnedRecord,
} from './records';
import { cellTops } from './records';
import { batchStart, checksum } from './checksum';
import { encodeUtf8 } from './utf8';

/** Record kinds by number. */
export const recordKinds = {
  process: 1,
  thread: 2,
  threadEnd: 3,
  code: 4,
  stack: 5,
  module: 6,
  native: 7,
  sample: 8,
  stats: 9,
  end: 10,
  note: 11,
  queue: 12,
  check: 13,
  childEnd: 14,
  thinned: 15,
  helped: 16,
  allocation: 32,
  free: 33,
  copy: 34,
  footprint: 35,
  gpuDevice: 36,
  gpuUse: 37,
  touched: 38,
  memorySum: 39,
  block: 40,
  gpuPlace: 41,
} as const;
export const moduleKinds: readonly ModuleKind[] = [
  'other',
  'interpreter',
  'libc',
  'agent',
  'anonymous',
];
export const severities: readonly Severity[] = ['information', 'warning', 'error'];
export const allocationSources: readonly AllocationSource[] = ['malloc', 'python', 'mapped'];
export const sampleStates = ['running', 'waiting', 'gil'] as const;
/** The figures of a MEMORY_SUM: bit 0 of its mask, bit 1, … */
export const memoryFigures = [
  'allocated',
  'allocations',
  'python',
  'copied',
  'reserved',
  'live',
  'variance',
  'liveVariance',
] as const satisfies readonly (keyof MemoryFigures)[];
/** Bits of a SAMPLE's flags above the two of its state. */
export const sampleFlags = {
  inSyscall: 4,
  truncated: 8,
  nativeIncomplete: 16,
  noPython: 32,
  remainder: 64,
  settled: 128,
} as const;

/**
 * Encodes records one after the other; it keeps the times of the last ones, which the next are relative to, and the
 * checksum of the batch.
 */
export class StreamEncoder {
  #batch = 0;
  #sum = batchStart(0);
  #lastSampleNs = 0;
  #lastMemoryNs = 0;
  /** Where the next batch has another number than the one after this one. */
  #nextBatch: number | undefined;

  /** The bytes of one record, kind and length included. */
  encode(record: StreamRecord): Uint8Array {
    const payload: number[] = [];
    this.#payload(payload, record);
    const out: number[] = [recordKinds[record.kind]];
    putVarint(out, payload.length);
    const bytes = new Uint8Array(out.length + payload.length);
    bytes.set(out);
    bytes.set(payload, out.length);
    this.copy(bytes);
    return bytes;
  }

  /** Takes note of a record that is encoded already, as one that has no times which others are relative to. */
  copy(bytes: Uint8Array): void {
    this.#sum = checksum(this.#sum, bytes);
  }

  /** The record that ends a batch: the checksum of everything encoded since the last one. */
  check(): Uint8Array {
    const bytes = new Uint8Array(6);
    bytes.set([recordKinds.check, 4]);
    new DataView(bytes.buffer).setUint32(2, this.#sum, true);
    this.#batch = this.#nextBatch ?? this.#batch + 1;
    this.#nextBatch = undefined;
    this.#sum = batchStart(this.#batch);
    return bytes;
  }

  #payload(out: number[], record: StreamRecord): void {
    switch (record.kind) {
      case 'process':
        putVarint(out, record.hexversion);
        putText(out, record.engine);
        putText(out, record.pythonVersion);
        putText(out, record.executable);
        putText(out, record.cwd);
        putVarint(out, record.argv.length);
        for (const argument of record.argv) {
          putText(out, argument);
        }
        putText(out, record.architecture);
        return;
      case 'thread':
        putVarint(out, record.thread);
        putVarint(out, record.tid);
        putVarint(out, record.startNs);
        putText(out, record.name);
        putVarint(out, record.makerTid);
        return;
      case 'threadEnd':
        putVarint(out, record.thread);
        putVarint(out, record.endNs);
        putVarint(out, record.cpuNs);
        return;
      case 'code':
        putVarint(out, record.code);
        putVarint(out, record.firstLine);
        putText(out, record.filename);
        putText(out, record.name);
        putText(out, record.qualname);
        putBytes(out, record.lineTable);
        return;
      case 'stack':
        putVarint(out, record.parent);
        putVarint(out, record.code);
        putSigned(out, record.instruction);
        putVarint(out, record.between);
        return;
      case 'module':
        out.push(moduleKinds.indexOf(record.moduleKind));
        putVarint(out, record.bias);
        putText(out, record.path);
        putBytes(out, record.buildId);
        return;
      case 'native':
        putVarint(out, record.parent);
        putVarint(out, record.module);
        putVarint(out, record.offset);
        out.push(record.exact ? 1 : 0);
        return;
      case 'sample':
        this.#sample(out, record);
        return;
      case 'queue':
        putVarint(out, record.thread);
        putSigned(out, record.timeNs - this.#lastSampleNs);
        putVarint(out, record.wallNs);
        putPlace(out, record);
        return;
      case 'stats':
        putVarint(out, record.timeNs);
        putVarint(out, record.processCpuNs);
        putVarint(out, record.agentCpuNs);
        putVarint(out, record.samples);
        putVarint(out, record.ticks);
        putVarint(out, record.dropped);
        putVarint(out, record.rejected);
        putVarint(out, record.late);
        putVarint(out, record.queueNs === null ? 0 : record.queueNs + 1);
        return;
      case 'end':
        putVarint(out, record.timeNs);
        putSigned(out, record.exit ?? -1);
        putVarint(out, record.processCpuNs);
        putVarint(out, record.peakBytes);
        return;
      case 'childEnd':
        putVarint(out, record.timeNs);
        putVarint(out, record.pid);
        putVarint(out, record.signal);
        out.push(record.byParent ? 1 : 0);
        return;
      case 'note':
        out.push(severities.indexOf(record.severity));
        putText(out, record.text);
        return;
      case 'allocation':
        putVarint(out, record.thread);
        this.#memoryTime(out, record.timeNs);
        out.push(allocationSources.indexOf(record.source));
        putVarint(out, record.size);
        putVarint(out, record.grown);
        putVarint(out, record.period);
        putPlace(out, record);
        if (record.reserved) putVarint(out, 1);
        return;
      case 'touched':
        putVarint(out, record.timeNs);
        putVarint(out, record.allocation);
        putVarint(out, record.bytes);
        return;
      case 'free':
        this.#memoryTime(out, record.timeNs);
        putVarint(out, record.allocation);
        return;
      case 'copy':
        putVarint(out, record.thread);
        this.#memoryTime(out, record.timeNs);
        putVarint(out, record.size);
        putVarint(out, record.period);
        putPlace(out, record);
        return;
      case 'footprint':
        this.#memoryTime(out, record.timeNs);
        putVarint(out, record.resident);
        return;
      case 'memorySum':
        putMemorySum(out, record);
        return;
      case 'helped':
        putHelped(out, record);
        return;
      case 'block':
        putBlock(out, record);
        return;
      case 'thinned':
        this.#thinned(out, record);
        return;
      case 'gpuDevice':
        putVarint(out, record.device);
        putVarint(out, record.bytes);
        putText(out, record.name);
        return;
      case 'gpuUse':
        putVarint(out, record.device);
        putVarint(out, record.startNs);
        putVarint(out, record.endNs - record.startNs);
        putVarint(out, record.busyNs === null ? 0 : record.busyNs + 1);
        putVarint(out, record.bytes === null ? 0 : record.bytes + 1);
        putVarint(out, record.costNs);
        if (record.settled) putVarint(out, 1);
        return;
      case 'gpuPlace':
        putPlace(out, record);
        putVarint(out, record.ns);
        return;
    }
  }

  #thinned(out: number[], record: ThinnedRecord): void {
    putVarint(out, record.untilNs);
    putVarint(out, record.stretchNs);
    putVarint(out, record.batch);
    putVarint(out, record.lastSampleNs);
    putVarint(out, record.lastMemoryNs);
    putVarint(out, record.allocations);
    putVarint(out, record.uncharged.length);
    for (const { thread, systemNs } of record.uncharged) {
      putVarint(out, thread);
      putSigned(out, systemNs);
    }
    this.#nextBatch = record.batch;
    this.#lastSampleNs = record.lastSampleNs;
    this.#lastMemoryNs = record.lastMemoryNs;
  }

  #memoryTime(out: number[], timeNs: number): void {
    putSigned(out, timeNs - this.#lastMemoryNs);
    this.#lastMemoryNs = timeNs;
  }

  #sample(out: number[], record: SampleRecord): void {
    putVarint(out, record.thread);
    putVarint(
      out,
      sampleStates.indexOf(record.state) |
        (record.inSyscall ? sampleFlags.inSyscall : 0) |
        (record.truncated ? sampleFlags.truncated : 0) |
        (record.nativeIncomplete ? sampleFlags.nativeIncomplete : 0) |
        (record.noPython ? sampleFlags.noPython : 0) |
        (record.remainder ? sampleFlags.remainder : 0) |
        (record.settled ? sampleFlags.settled : 0),
    );
    putSigned(out, record.timeNs - this.#lastSampleNs);
    this.#lastSampleNs = record.timeNs;
    putVarint(out, record.cpuNs);
    putVarint(out, record.wallNs);
    putVarint(out, record.systemNs);
    putPlace(out, record);
    if (record.count !== undefined) putVarint(out, record.count);
  }
}

function putMemorySum(out: number[], record: MemorySumRecord): void {
  putVarint(out, record.timeNs);
  putPlace(out, record);
  putVarint(out, record.records);
  putVarint(out, record.firstNs);
  putVarint(out, record.lastNs);
  const changed = memoryFigures.filter((figure) => record.change[figure] !== 0);
  out.push(changed.reduce((mask, figure) => mask | (1 << memoryFigures.indexOf(figure)), 0));
  for (const figure of changed) putNumber(out, record.change[figure]);
}

function putHelped(out: number[], record: HelpedRecord): void {
  putVarint(out, record.thread);
  putPlace(out, record);
  out.push(cellTops.indexOf(record.top));
  putVarint(out, record.cpuNs);
  putVarint(out, record.unsureNs);
  putVarint(out, record.afterNs);
  putVarint(out, record.samples);
  putVarint(out, record.pythonNs);
  putVarint(out, record.runtimeNs);
  putVarint(out, record.nativeNs);
  putVarint(out, record.systemNs);
}

function putBlock(out: number[], record: BlockRecord): void {
  putVarint(out, record.allocation);
  putPlace(out, record);
  putNumber(out, record.bytes);
  putNumber(out, record.variance);
  if (!record.reserved) return;
  const { size, seen, before, most } = record.reserved;
  putVarint(out, size);
  putNumber(out, seen);
  putVarint(out, before);
  putVarint(out, most);
}

/** Where something was seen: stack, native frames above it, and the opcode that called them. */
function putPlace(out: number[], at: { stack: number; native: number; opcode: number }): void {
  putVarint(out, at.stack);
  putVarint(out, at.native);
  if (at.native !== 0) {
    out.push(at.opcode);
  }
}

function putVarint(out: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}

function putSigned(out: number[], value: number): void {
  putVarint(out, value < 0 ? -value * 2 - 1 : value * 2);
}

/** A number that may be a fraction, or negative. */
function putNumber(out: number[], value: number): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  out.push(...bytes);
}

function putText(out: number[], text: string): void {
  putBytes(out, encodeUtf8(text));
}

function putBytes(out: number[], bytes: Uint8Array): void {
  putVarint(out, bytes.length);
  for (const byte of bytes) {
    out.push(byte);
  }
}
