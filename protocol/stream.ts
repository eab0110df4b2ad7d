/**
 * The recording, as profiler-agent/STREAM.md defines it byte by byte: header, records, both directions.
 * test/unit/stream.test.ts pins that document's hash, so the two cannot drift apart silently.
 */
import type { GpuUseRecord, SampleRecord, StreamRecord } from '../profile/records';
import {
  allocationSources,
  moduleKinds,
  recordKinds,
  sampleFlags,
  sampleStates,
  severities,
} from './streamEncode';
import { PayloadReader } from './payload';
import { headerBytes, StreamError } from './streamHeader';

export { encodeHeader, headerBytes, readHeader, StreamError, supportedMajor } from './streamHeader';
export { StreamEncoder } from './streamEncode';

/** No record comes near this; a longer one means that its length was not a length. */
const longestRecord = 64 * 2 ** 20;
const none = new Uint8Array(0);

/**
 * Decodes the record area of one recording as it grows. Push the committed bytes after the header, in order,
 * cut anywhere; a record is delivered as soon as it is complete. Kinds and trailing fields it does not know are skipped.
 */
export class StreamDecoder {
  readonly #read = new PayloadReader((what) => this.#corrupt(what));
  #consumed: number;
  #lastSampleNs = 0;
  #lastMemoryNs = 0;
  #failure: StreamError | undefined;

  /** headerSize is where records start in the file: positions in errors count from the file's first byte. */
  constructor(headerSize: number = headerBytes) {
    this.#consumed = headerSize;
  }

  /** Position in the file after the last complete record. */
  get position(): number {
    return this.#consumed;
  }

  /** Bytes received of a record that is not complete yet. */
  get pending(): number {
    return this.#read.bytes.length;
  }

  /**
   * Decodes what has become complete. Throws StreamError on a corrupt record, after delivering all before it;
   * nothing can be read after that, so later pushes throw the same error.
   */
  push(piece: Uint8Array, deliver: (record: StreamRecord) => void): void {
    if (this.#failure) {
      throw this.#failure;
    }
    const read = this.#read;
    let bytes = piece;
    if (this.pending > 0) {
      bytes = new Uint8Array(this.pending + piece.length);
      bytes.set(read.bytes);
      bytes.set(piece, this.pending);
    }
    read.bytes = bytes;
    let start = 0;
    try {
      for (;;) {
        const payload = this.#payloadStart(start);
        if (payload < 0 || read.end > bytes.length) {
          break;
        }
        read.at = payload;
        const record = this.#record(bytes[start]!);
        this.#consumed += read.end - start;
        start = read.end;
        if (record) {
          deliver(record);
        }
      }
    } finally {
      read.bytes = start === bytes.length ? none : bytes.slice(start);
    }
  }

  /** Reads the length at start + 1: sets the reader's end and returns where the payload starts, or −1 if the length is cut off. */
  #payloadStart(start: number): number {
    const { bytes } = this.#read;
    let length = 0;
    let scale = 1;
    for (let at = start + 1; at < bytes.length; at++) {
      const byte = bytes[at]!;
      length += (byte & 127) * scale;
      if (length > longestRecord || scale > 2 ** 56) {
        throw this.#corrupt('has an impossible length');
      }
      if (byte < 128) {
        this.#read.end = at + 1 + length;
        return at + 1;
      }
      scale *= 128;
    }
    return -1;
  }

  #record(kind: number): StreamRecord | undefined {
    const read = this.#read;
    switch (kind) {
      case recordKinds.sample:
        return this.#sample();
      case recordKinds.queue:
        return {
          kind: 'queue',
          thread: read.varint(),
          timeNs: this.#lastSampleNs + read.signed(),
          wallNs: read.varint(),
          ...this.#place(),
        };
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
        return {
          kind: 'code',
          code: read.varint(),
          firstLine: read.varint(),
          filename: read.text(),
          name: read.text(),
          qualname: read.text(),
          lineTable: read.blob(),
        };
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
      case recordKinds.note:
        return {
          kind: 'note',
          severity: read.choice(severities, 'severity'),
          text: read.text(),
        };
      case recordKinds.allocation:
        return {
          kind: 'allocation',
          thread: read.varint(),
          timeNs: this.#memoryTime(),
          source: read.choice(allocationSources, 'kind of allocation'),
          size: read.varint(),
          grown: read.varint(),
          period: read.varint(),
          ...this.#place(),
          ...(read.optional() === 1 ? { reserved: true } : {}),
        };
      case recordKinds.touched:
        return {
          kind: 'touched',
          timeNs: read.varint(),
          allocation: read.varint(),
          bytes: read.varint(),
        };
      case recordKinds.free:
        return { kind: 'free', timeNs: this.#memoryTime(), allocation: read.varint() };
      case recordKinds.copy:
        return {
          kind: 'copy',
          thread: read.varint(),
          timeNs: this.#memoryTime(),
          size: read.varint(),
          period: read.varint(),
          ...this.#place(),
        };
      case recordKinds.footprint:
        return { kind: 'footprint', timeNs: this.#memoryTime(), resident: read.varint() };
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
        throw this.#corrupt('has kind 0');
      default:
        return undefined;
    }
  }

  #sample(): SampleRecord {
    const read = this.#read;
    const thread = read.varint();
    const flags = read.varint();
    const state = sampleStates[flags & 3];
    if (state === undefined) {
      throw this.#corrupt('has an unknown thread state');
    }
    const timeNs = this.#lastSampleNs + read.signed();
    const cpuNs = read.varint();
    const wallNs = read.varint();
    const systemNs = read.varint();
    const place = this.#place();
    this.#lastSampleNs = timeNs;
    return {
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
      ...place,
    };
  }

  #gpuUse(): GpuUseRecord {
    const read = this.#read;
    const device = read.varint();
    const startNs = read.varint();
    const endNs = startNs + read.varint();
    const busyNs = this.#known(read.varint());
    const bytes = this.#known(read.varint());
    return { kind: 'gpuUse', device, startNs, endNs, busyNs, bytes, costNs: read.varint() };
  }

  #place(): { stack: number; native: number; opcode: number } {
    const read = this.#read;
    const stack = read.varint();
    const native = read.varint();
    return { stack, native, opcode: native === 0 ? -1 : read.byte() };
  }

  /** A number that is written one higher, 0 for one that is not known. */
  #known(more: number): number | null {
    return more === 0 ? null : more - 1;
  }

  #memoryTime(): number {
    return (this.#lastMemoryNs += this.#read.signed());
  }

  #corrupt(what: string): StreamError {
    this.#failure = new StreamError(
      'corrupt',
      `This Linescope recording is damaged: the record at byte ${this.#consumed} ${what}; everything before it is shown.`,
      this.#consumed,
    );
    return this.#failure;
  }
}
