/** One record of a recording, from its bytes: profiler-agent/STREAM.md, "Records". */
import type {
  AllocationRecord,
  BlockRecord,
  CodeRecord,
  GpuUseRecord,
  HelpedRecord,
  MemoryFigures,
  MemorySumRecord,
  SampleRecord,
  StreamRecord,
  ThinnedRecord,
} from './records';
import { cellTops } from './records';
import { checksum } from './checksum';
import { KnownBytes } from './knownBytes';
import type { PayloadReader } from './payload';
import {
  allocationSources,
  memoryFigures,
  moduleKinds,
  recordKinds,
  sampleFlags,
  sampleStates,
  severities,
} from './encode';

/** What is the same in several recordings, such as those of the processes of a run, so that it is decoded once. */
export class SharedContents {
  readonly texts = new KnownBytes<string>();
  readonly codes = new KnownBytes<Omit<CodeRecord, 'kind' | 'code'>>();

  /** checkSum: checksum() or another way to the same. */
  constructor(readonly checkSum = checksum) {}
}

/** Keeps the times that those of later records are relative to. */
export class RecordDecoder {
  #lastSampleNs = 0;
  #lastMemoryNs = 0;

  /** What times of the next records are relative to. */
  get times(): { lastSampleNs: number; lastMemoryNs: number } {
    return { lastSampleNs: this.#lastSampleNs, lastMemoryNs: this.#lastMemoryNs };
  }

  /** corrupt: as of the reader, whose bytes are those of the record that decode() is asked for. */
  constructor(
    private readonly read: PayloadReader,
    private readonly corrupt: (what: string) => Error,
    private readonly shared: SharedContents,
  ) {}

  /** The record whose payload the reader is at; undefined for a kind that is not known. */
  decode(kind: number): StreamRecord | undefined {
    const { read } = this;
    switch (kind) {
      case recordKinds.sample:
        return this.#sample();
      case recordKinds.queue: {
        const thread = read.varint();
        const timeNs = this.#lastSampleNs + read.signed();
        const wallNs = read.varint();
        const stack = read.varint();
        const native = read.varint();
        return {
          kind: 'queue',
          thread,
          timeNs,
          wallNs,
          stack,
          native,
          opcode: this.#opcode(native),
        };
      }
      case recordKinds.stack:
        return {
          kind: 'stack',
          parent: read.varint(),
          code: read.varint(),
          instruction: read.signed(),
          between: read.optional(),
        };
      case recordKinds.native:
        return {
          kind: 'native',
          parent: read.varint(),
          module: read.varint(),
          offset: read.varint(),
          exact: (read.byte() & 1) === 1,
        };
      case recordKinds.code:
        return this.#code();
      case recordKinds.process:
        return {
          kind: 'process',
          hexversion: read.varint(),
          engine: read.text(),
          pythonVersion: read.text(),
          executable: read.text(),
          cwd: read.text(),
          argv: read.texts(),
          architecture: read.text(),
        };
      case recordKinds.thread:
        return {
          kind: 'thread',
          thread: read.varint(),
          tid: read.varint(),
          startNs: read.varint(),
          name: read.text(),
          makerTid: read.optional(),
        };
      case recordKinds.threadEnd:
        return {
          kind: 'threadEnd',
          thread: read.varint(),
          endNs: read.varint(),
          cpuNs: read.varint(),
        };
      case recordKinds.module:
        return {
          kind: 'module',
          moduleKind: read.choice(moduleKinds, 'module kind'),
          bias: read.varint(),
          path: read.text(),
          buildId: read.blob(),
        };
      case recordKinds.stats:
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
          queueNs: this.#known(read.optional()),
        };
      case recordKinds.end: {
        const timeNs = read.varint();
        const exit = read.signed();
        const processCpuNs = read.varint();
        const peakBytes = read.varint();
        return { kind: 'end', timeNs, exit: exit === -1 ? null : exit, processCpuNs, peakBytes };
      }
      case recordKinds.childEnd: {
        const timeNs = read.varint();
        const pid = read.varint();
        const signal = read.varint();
        return { kind: 'childEnd', timeNs, pid, signal, byParent: read.varint() === 1 };
      }
      case recordKinds.note:
        return {
          kind: 'note',
          severity: read.choice(severities, 'severity'),
          text: read.text(),
        };
      case recordKinds.allocation:
        return this.#allocation();
      case recordKinds.touched:
        return {
          kind: 'touched',
          timeNs: read.varint(),
          allocation: read.varint(),
          bytes: read.varint(),
        };
      case recordKinds.free:
        return { kind: 'free', timeNs: this.#memoryTime(), allocation: read.varint() };
      case recordKinds.copy: {
        const thread = read.varint();
        const timeNs = this.#memoryTime();
        const size = read.varint();
        const period = read.varint();
        const stack = read.varint();
        const native = read.varint();
        const opcode = this.#opcode(native);
        return { kind: 'copy', thread, timeNs, size, period, stack, native, opcode };
      }
      case recordKinds.footprint:
        return { kind: 'footprint', timeNs: this.#memoryTime(), resident: read.varint() };
      case recordKinds.memorySum:
        return this.#memorySum();
      case recordKinds.helped:
        return this.#helped();
      case recordKinds.gpuPlace:
        return { kind: 'gpuPlace', ...this.#place(), ns: read.varint() };
      case recordKinds.block:
        return this.#block();
      case recordKinds.thinned:
        return this.#thinned();
      case recordKinds.gpuDevice:
        return {
          kind: 'gpuDevice',
          device: read.varint(),
          bytes: read.varint(),
          name: read.text(),
        };
      case recordKinds.gpuUse:
        return this.#gpuUse();
      case 0:
        // Zeros are what an unwritten part of the file holds, so this is damage and not a kind from the future.
        throw this.corrupt('has kind 0');
      default:
        return undefined;
    }
  }

  #sample(): SampleRecord {
    const { read } = this;
    const thread = read.varint();
    const flags = read.varint();
    const state = sampleStates[flags & 3];
    if (state === undefined) {
      throw this.corrupt('has an unknown thread state');
    }
    const timeNs = this.#lastSampleNs + read.signed();
    const cpuNs = read.varint();
    const wallNs = read.varint();
    const systemNs = read.varint();
    const stack = read.varint();
    const native = read.varint();
    const opcode = this.#opcode(native);
    const count = read.optional();
    this.#lastSampleNs = timeNs;
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

  /** The most frequent record where memory is measured. */
  #allocation(): AllocationRecord {
    const { read } = this;
    const thread = read.varint();
    const timeNs = this.#memoryTime();
    const source = read.choice(allocationSources, 'kind of allocation');
    const size = read.varint();
    const grown = read.varint();
    const period = read.varint();
    const stack = read.varint();
    const native = read.varint();
    const opcode = this.#opcode(native);
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

  /** What it says of the code itself is the same in every process that runs it. */
  #code(): CodeRecord {
    const { read } = this;
    const code = read.varint();
    const { firstLine, filename, name, qualname, lineTable } = this.shared.codes.of(
      read.view,
      read.at,
      read.end,
      () => ({
        firstLine: read.varint(),
        filename: read.text(),
        name: read.text(),
        qualname: read.text(),
        lineTable: read.blob(),
      }),
    );
    return { kind: 'code', code, firstLine, filename, name, qualname, lineTable };
  }

  #memorySum(): MemorySumRecord {
    const { read } = this;
    const timeNs = read.varint();
    const place = this.#place();
    const records = read.varint();
    const firstNs = read.varint();
    const lastNs = read.varint();
    const mask = read.byte();
    const change = Object.fromEntries(
      memoryFigures.map((figure, bit) => [figure, mask & (1 << bit) ? read.number() : 0]),
    ) as unknown as MemoryFigures;
    return { kind: 'memorySum', timeNs, ...place, records, firstNs, lastNs, change };
  }

  #helped(): HelpedRecord {
    const { read } = this;
    const thread = read.varint();
    const place = this.#place();
    const top = read.choice(cellTops, 'state');
    const cpuNs = read.varint();
    const unsureNs = read.varint();
    const afterNs = read.varint();
    const samples = read.varint();
    const pythonNs = read.varint();
    const runtimeNs = read.varint();
    const nativeNs = read.varint();
    const systemNs = read.varint();
    const parts = { unsureNs, afterNs, samples, pythonNs, runtimeNs, nativeNs, systemNs };
    return { kind: 'helped', thread, ...place, top, cpuNs, ...parts };
  }

  #block(): BlockRecord {
    const { read } = this;
    const allocation = read.varint();
    const place = this.#place();
    const bytes = read.number();
    const variance = read.number();
    const block: BlockRecord = { kind: 'block', allocation, ...place, bytes, variance };
    if (read.hasMore) {
      const size = read.varint();
      const seen = read.number();
      block.reserved = { size, seen, before: read.varint(), most: read.varint() };
    }
    return block;
  }

  #thinned(): ThinnedRecord {
    const { read } = this;
    const untilNs = read.varint();
    const stretchNs = read.varint();
    const batch = read.varint();
    const lastSampleNs = read.varint();
    const lastMemoryNs = read.varint();
    const allocations = read.varint();
    const uncharged: ThinnedRecord['uncharged'] = [];
    for (let count = read.varint(); count > 0; count--) {
      uncharged.push({ thread: read.varint(), systemNs: read.signed() });
    }
    this.#lastSampleNs = lastSampleNs;
    this.#lastMemoryNs = lastMemoryNs;
    return {
      kind: 'thinned',
      untilNs,
      stretchNs,
      batch,
      lastSampleNs,
      lastMemoryNs,
      allocations,
      uncharged,
    };
  }

  #gpuUse(): GpuUseRecord {
    const { read } = this;
    const device = read.varint();
    const startNs = read.varint();
    const endNs = startNs + read.varint();
    const busyNs = this.#known(read.varint());
    const bytes = this.#known(read.varint());
    const use = { device, startNs, endNs, busyNs, bytes, costNs: read.varint() };
    return { kind: 'gpuUse', ...use, ...(read.optional() === 1 && { settled: true as const }) };
  }

  #place(): { stack: number; native: number; opcode: number } {
    const stack = this.read.varint();
    const native = this.read.varint();
    return { stack, native, opcode: this.#opcode(native) };
  }

  /** The field that follows a native id. */
  #opcode(native: number): number {
    return native === 0 ? -1 : this.read.byte();
  }

  /** A number that is written one higher, 0 for one that is not known. */
  #known(more: number): number | null {
    return more === 0 ? null : more - 1;
  }

  #memoryTime(): number {
    return (this.#lastMemoryNs += this.read.signed());
  }
}
