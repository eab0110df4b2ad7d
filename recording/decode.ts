/**
 * Decodes a recording, which profiler-agent/STREAM.md defines byte by byte. test/unit/recording/stream.test.ts pins
 * that document's hash, so that the two cannot drift apart unnoticed.
 */
import type { FrameTaker, RecordingHeader, StreamRecord } from './records';
import { batchStart } from './checksum';
import { PayloadReader } from './payload';
import { Plausibility } from './plausible';
import { RecordDecoder, SharedContents } from './recordDecoder';
import { recordTable } from './table';
import { corruptBatch, corruptRecord, notWhole, type StreamError } from './damage';
import { checkedMinor, headerBytes } from './header';

export { changedHeader, encodeHeader, headerBytes, readHeader, supportedMajor } from './header';
export { StreamError } from './damage';
export { SharedContents } from './recordDecoder';
export { StreamEncoder } from './encode';

const checkKind = recordTable.check.number;
const nativeKind = recordTable.native.number;
const stackKind = recordTable.stack.number;
/** The longest possible record. A longer one means that the bytes read as its length are something else. */
const longestRecord = 8 * 2 ** 20;
/** Longer than any batch: a writer ends a batch with the record that makes it longer than a mebibyte. */
const longestBatch = 2 * longestRecord;
const none = new Uint8Array(0);

/**
 * Decodes the record area of one recording as it grows. Push the committed bytes after the header, in order, cut
 * anywhere; the caller may reuse their memory afterwards. If the recording has checksums, records are delivered once
 * the checksum of their batch has come and is right, otherwise as soon as they are complete. Unknown kinds of records
 * and unknown trailing fields are skipped.
 */
export class StreamDecoder {
  readonly #read: PayloadReader;
  readonly #records: RecordDecoder;
  readonly #plausible = new Plausibility();
  readonly #isChecked: boolean;
  #consumed: number;
  /** How many bytes after #consumed are whole records that wait for their checksum. */
  #scanned = 0;
  /** The number of the next batch. */
  #batch = 0;
  /** The start of the record that is being delivered. */
  #recordAt = 0;
  #frames: FrameTaker | undefined;
  #failure: StreamError | undefined;

  /**
   * header: the recording's; without it, records are delivered without any checksum. Positions in errors are positions
   * in the file, bytes. shared: values decoded from bytes, shared by all recordings of a run.
   */
  constructor(
    header?: RecordingHeader,
    private readonly shared = new SharedContents(),
  ) {
    const corrupt = (what: string): StreamError => this.#corrupt(what);
    this.#read = new PayloadReader(corrupt, shared.texts);
    this.#records = new RecordDecoder(this.#read, corrupt, shared);
    this.#consumed = header?.headerSize ?? headerBytes;
    this.#isChecked = header !== undefined && header.minor >= checkedMinor;
    if (header) {
      this.header(header);
    }
  }

  /** Takes the current header. Has to be called before the records that it commits are pushed. */
  header(header: RecordingHeader): void {
    this.#plausible.header(header);
  }

  /** Position in the file after the last record that was delivered or skipped. */
  get position(): number {
    return this.#consumed;
  }

  /** The bytes of the record that is being delivered, kind and length included. */
  get recordBytes(): Uint8Array {
    return this.#read.bytes.subarray(this.#recordAt, this.#read.end);
  }

  /** The values that the next records are relative to. */
  get state(): { batch: number; lastSampleNs: number; lastMemoryNs: number } {
    return { batch: this.#batch, ...this.#records.times };
  }

  /**
   * How many bytes were received but not delivered: of an incomplete record, or of records that wait for their
   * checksum.
   */
  get pending(): number {
    return this.#read.bytes.length;
  }

  /** After everything was pushed: a sentence about bytes that were not delivered; undefined if there are none. */
  get leftOver(): string | undefined {
    return this.pending === 0 || this.#failure ? undefined : notWhole(this.pending, this.#consumed);
  }

  /**
   * Decodes what is complete now. On damage, throws StreamError after delivering everything before it; nothing can be
   * read after that, so later pushes throw the same error. frames: takes native frames and stacks instead of deliver.
   */
  push(piece: Uint8Array, deliver: (record: StreamRecord) => void, frames?: FrameTaker): void {
    this.#frames = frames;
    if (this.#failure) {
      throw this.#failure;
    }
    const read = this.#read;
    let bytes = piece;
    const held = this.pending;
    if (held > 0) {
      bytes = new Uint8Array(held + piece.length);
      bytes.set(read.bytes);
      bytes.set(piece, held);
    }
    read.bytes = bytes;
    const before = this.#consumed;
    try {
      if (this.#isChecked) {
        this.#batches(deliver);
      } else {
        this.#deliver(bytes.length, deliver);
      }
    } finally {
      const used = this.#consumed - before;
      read.bytes = used === bytes.length ? none : bytes.slice(used);
    }
  }

  /** Delivers complete batches, each after comparing its checksum. */
  #batches(deliver: (record: StreamRecord) => void): void {
    const { bytes } = this.#read;
    let start = 0;
    let at = this.#scanned;
    this.#scanned = 0;
    for (;;) {
      at = afterShort(bytes, at);
      const payload = this.#payloadStart(at);
      const { end } = this.#read;
      if (payload < 0 || end > bytes.length) {
        break;
      }
      if (bytes[at] === 0) {
        throw this.#damaged('no checksum');
      }
      if (bytes[at] === checkKind) {
        const sum = this.shared.checkSum(batchStart(this.#batch), bytes, start, at);
        this.#read.at = payload;
        if (end - payload < 4 || sum !== this.#read.fixed()) {
          throw this.#damaged('another checksum than was written');
        }
        this.#batch++;
        this.#deliver(at, deliver, start);
        this.#consumed += end - at;
        start = end;
      }
      at = end;
    }
    if (bytes.length - start > longestBatch) {
      throw this.#damaged('no checksum');
    }
    this.#scanned = at - start;
  }

  /** Delivers the whole records within bytes [from, until). */
  #deliver(until: number, deliver: (record: StreamRecord) => void, from = 0): void {
    const read = this.#read;
    let start = from;
    for (;;) {
      const payload = start < until ? this.#payloadStart(start) : -1;
      if (payload < 0 || read.end > until) {
        return;
      }
      read.at = payload;
      const kind = read.bytes[start]!;
      if (this.#isFrame(kind)) {
        this.#consumed += read.end - start;
        start = read.end;
        continue;
      }
      const record = this.#records.decode(kind);
      this.#check(record && this.#plausible.problem(record));
      this.#consumed += read.end - start;
      this.#recordAt = start;
      start = read.end;
      if (record) {
        if (record.kind === 'thinned') this.#batch = record.batch;
        deliver(record);
      }
    }
  }

  /** Hands the current record to the frame taker, if there is one and the record is a native frame or a stack. */
  #isFrame(kind: number): boolean {
    const [frames, read] = [this.#frames, this.#read];
    if (!frames || (kind !== nativeKind && kind !== stackKind)) return false;
    const parent = read.varint();
    const owner = read.varint();
    if (kind === nativeKind) {
      const offset = read.varint();
      const exact = (read.byte() & 1) === 1;
      this.#check(this.#plausible.native(parent, owner));
      frames.native(parent, owner, offset, exact);
    } else {
      const instruction = read.signed();
      const between = read.optional();
      this.#check(this.#plausible.stack(parent, instruction, between));
      frames.stack(parent, owner, instruction, between);
    }
    return true;
  }

  #check(problem: string | undefined): void {
    if (problem !== undefined) throw this.#corrupt(problem);
  }

  /**
   * Reads the length at start + 1, sets the reader's end, and returns the start of the payload; −1: the length is cut
   * off.
   */
  #payloadStart(start: number): number {
    const { bytes } = this.#read;
    // Almost all records have a length of one byte.
    const first = start + 1 < bytes.length ? bytes[start + 1]! : 128;
    if (first < 128) {
      this.#read.end = start + 2 + first;
      return start + 2;
    }
    let length = 0;
    let scale = 1;
    for (let at = start + 1; at < bytes.length; at++) {
      const byte = bytes[at]!;
      length += (byte & 127) * scale;
      if (length > longestRecord || scale > 2 ** 56) {
        throw this.#isChecked
          ? this.#damaged('no checksum')
          : this.#corrupt('has an impossible length');
      }
      if (byte < 128) {
        this.#read.end = at + 1 + length;
        return at + 1;
      }
      scale *= 128;
    }
    return -1;
  }

  #damaged(has: string): StreamError {
    return (this.#failure = corruptBatch(has, this.#consumed));
  }

  #corrupt(what: string): StreamError {
    return (this.#failure = corruptRecord(what, this.#consumed));
  }
}

/** Skips whole short records, as almost all are. Stops at a checksum, or at anything that is no short record. */
function afterShort(bytes: Uint8Array, from: number): number {
  let at = from;
  for (const last = bytes.length - 2; at <= last;) {
    const kind = bytes[at]!;
    const end = at + 2 + bytes[at + 1]!;
    const isShort = bytes[at + 1]! < 128 && end <= bytes.length;
    if (!isShort || kind === checkKind || kind === 0) break;
    at = end;
  }
  return at;
}
