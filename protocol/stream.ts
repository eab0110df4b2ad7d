/**
 * The recording, as profiler-agent/STREAM.md defines it byte by byte: header, records, both directions.
 * test/unit/stream.test.ts pins that document's hash, so the two cannot drift apart silently.
 */
import type { SampleRecord, StreamRecord } from '../profile/records';
import { moduleKinds, recordKinds, sampleFlags, sampleStates, severities } from './streamEncode';
import { headerBytes, StreamError } from './streamHeader';
import { decodeUtf8 } from './utf8';

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
  #bytes: Uint8Array = none;
  #at = 0;
  /** End of the payload being read; reading past it is corruption. */
  #end = 0;
  #consumed: number;
  #lastSampleNs = 0;
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
    return this.#bytes.length;
  }

  /**
   * Decodes what has become complete. Throws StreamError on a corrupt record, after delivering all before it;
   * nothing can be read after that, so later pushes throw the same error.
   */
  push(piece: Uint8Array, deliver: (record: StreamRecord) => void): void {
    if (this.#failure) {
      throw this.#failure;
    }
    let bytes = piece;
    if (this.#bytes.length > 0) {
      bytes = new Uint8Array(this.#bytes.length + piece.length);
      bytes.set(this.#bytes);
      bytes.set(piece, this.#bytes.length);
    }
    this.#bytes = bytes;
    let start = 0;
    try {
      for (;;) {
        const payload = this.#payloadStart(start);
        if (payload < 0 || this.#end > bytes.length) {
          break;
        }
        this.#at = payload;
        const record = this.#record(bytes[start]!);
        this.#consumed += this.#end - start;
        start = this.#end;
        if (record) {
          deliver(record);
        }
      }
    } finally {
      this.#bytes = start === bytes.length ? none : bytes.slice(start);
    }
  }

  /** Reads the length at start + 1: sets #end and returns where the payload starts, or −1 if the length is cut off. */
  #payloadStart(start: number): number {
    const bytes = this.#bytes;
    let length = 0;
    let scale = 1;
    for (let at = start + 1; at < bytes.length; at++) {
      const byte = bytes[at]!;
      length += (byte & 127) * scale;
      if (length > longestRecord || scale > 2 ** 56) {
        throw this.#corrupt('has an impossible length');
      }
      if (byte < 128) {
        this.#end = at + 1 + length;
        return at + 1;
      }
      scale *= 128;
    }
    return -1;
  }

  #record(kind: number): StreamRecord | undefined {
    switch (kind) {
      case recordKinds.sample:
        return this.#sample();
      case recordKinds.stack:
        return {
          kind: 'stack',
          parent: this.#varint(),
          code: this.#varint(),
          instruction: this.#signed(),
          between: this.#optional(),
        };
      case recordKinds.native:
        return {
          kind: 'native',
          parent: this.#varint(),
          module: this.#varint(),
          offset: this.#varint(),
          exact: (this.#byte() & 1) === 1,
        };
      case recordKinds.code:
        return {
          kind: 'code',
          code: this.#varint(),
          firstLine: this.#varint(),
          filename: this.#text(),
          name: this.#text(),
          qualname: this.#text(),
          lineTable: this.#blob(),
        };
      case recordKinds.process:
        return {
          kind: 'process',
          hexversion: this.#varint(),
          engine: this.#text(),
          pythonVersion: this.#text(),
          executable: this.#text(),
          cwd: this.#text(),
          argv: this.#texts(),
          architecture: this.#text(),
        };
      case recordKinds.thread:
        return {
          kind: 'thread',
          thread: this.#varint(),
          tid: this.#varint(),
          startNs: this.#varint(),
          name: this.#text(),
        };
      case recordKinds.threadEnd:
        return {
          kind: 'threadEnd',
          thread: this.#varint(),
          endNs: this.#varint(),
          cpuNs: this.#varint(),
        };
      case recordKinds.module:
        return {
          kind: 'module',
          moduleKind: this.#choice(moduleKinds, 'module kind'),
          bias: this.#varint(),
          path: this.#text(),
          buildId: this.#blob(),
        };
      case recordKinds.stats:
        return {
          kind: 'stats',
          timeNs: this.#varint(),
          processCpuNs: this.#varint(),
          agentCpuNs: this.#varint(),
          samples: this.#varint(),
          ticks: this.#varint(),
          dropped: this.#varint(),
          rejected: this.#varint(),
          late: this.#varint(),
        };
      case recordKinds.end: {
        const timeNs = this.#varint();
        const exit = this.#signed();
        const processCpuNs = this.#varint();
        const peakBytes = this.#varint();
        return { kind: 'end', timeNs, exit: exit === -1 ? null : exit, processCpuNs, peakBytes };
      }
      case recordKinds.note:
        return {
          kind: 'note',
          severity: this.#choice(severities, 'severity'),
          text: this.#text(),
        };
      case 0:
        // Zeros are what an unwritten part of the file holds, so this is damage and not a kind from the future.
        throw this.#corrupt('has kind 0');
      default:
        return undefined;
    }
  }

  #sample(): SampleRecord {
    const thread = this.#varint();
    const flags = this.#varint();
    const state = sampleStates[flags & 3];
    if (state === undefined) {
      throw this.#corrupt('has an unknown thread state');
    }
    const timeNs = this.#lastSampleNs + this.#signed();
    const cpuNs = this.#varint();
    const wallNs = this.#varint();
    const systemNs = this.#varint();
    const stack = this.#varint();
    const native = this.#varint();
    const opcode = native === 0 ? -1 : this.#byte();
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
      stack,
      native,
      opcode,
    };
  }

  #byte(): number {
    if (this.#at >= this.#end) {
      throw this.#corrupt('ends too early');
    }
    return this.#bytes[this.#at++]!;
  }

  /** Exact up to 2^53, rounded above. */
  #varint(): number {
    const first = this.#byte();
    if (first < 128) {
      return first;
    }
    let value = first & 127;
    let scale = 128;
    for (;;) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        return value;
      }
      scale *= 128;
      if (scale > 2 ** 63) {
        throw this.#corrupt('has a number longer than 64 bits');
      }
    }
  }

  /** A trailing field that older minor versions do not have. */
  #optional(): number {
    return this.#at < this.#end ? this.#varint() : 0;
  }

  #signed(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #blobEnd(): number {
    const length = this.#varint();
    if (this.#at + length > this.#end) {
      throw this.#corrupt('ends too early');
    }
    return this.#at + length;
  }

  #text(): string {
    const end = this.#blobEnd();
    const text = decodeUtf8(this.#bytes, this.#at, end);
    this.#at = end;
    return text;
  }

  #blob(): Uint8Array {
    const end = this.#blobEnd();
    const blob = this.#bytes.slice(this.#at, end);
    this.#at = end;
    return blob;
  }

  #texts(): string[] {
    const texts: string[] = [];
    for (let count = this.#varint(); count > 0; count--) {
      texts.push(this.#text());
    }
    return texts;
  }

  #choice<T>(choices: readonly T[], what: string): T {
    const choice = choices[this.#byte()];
    if (choice === undefined) {
      throw this.#corrupt(`has an unknown ${what}`);
    }
    return choice;
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
