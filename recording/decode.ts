/**
 * The recording, as profiler-agent/STREAM.md defines it byte by byte: header, records, both directions.
 * test/unit/recording/stream.test.ts pins that document's hash, so the two cannot drift apart silently.
 */
import type { FrameTaker, RecordingHeader, StreamRecord } from './records';
import { batchStart } from './checksum';
import { PayloadReader } from './payload';
import { Plausibility } from './plausible';
import { RecordDecoder, SharedContents } from './recordDecoder';
import { recordTable } from './table';
import { checkedMinor, headerBytes, StreamError } from './header';

export {
  changedHeader,
  encodeHeader,
  headerBytes,
  readHeader,
  StreamError,
  supportedMajor,
} from './header';
export { SharedContents } from './recordDecoder';
export { StreamEncoder } from './encode';

const checkKind = recordTable.check.number;
const nativeKind = recordTable.native.number;
const stackKind = recordTable.stack.number;
/** No record comes near this; a longer one means that its length was not a length. */
const longestRecord = 8 * 2 ** 20;
/** A writer ends a batch after a mebibyte. */
const longestBatch = 2 * longestRecord;
const none = new Uint8Array(0);

/**
 * Decodes the record area of one recording as it grows. Push the committed bytes after the header, in order,
 * cut anywhere; the bytes may change afterwards. Where the recording has checksums, records are delivered when theirs has come and is right, otherwise as
 * soon as they are complete. Kinds and trailing fields it does not know are skipped.
 */
export class StreamDecoder {
  readonly #read: PayloadReader;
  readonly #records: RecordDecoder;
  readonly #plausible = new Plausibility();
  readonly #isChecked: boolean;
  #consumed: number;
  /** Bytes after #consumed that are whole records whose checksum has not come yet; and how many batches came before. */
  #scanned = 0;
  #batch = 0;
  /** Where the record that is being delivered starts. */
  #recordAt = 0;
  #frames: FrameTaker | undefined;
  #failure: StreamError | undefined;

  /**
   * header: of the recording; without one, a recording without checksums. Positions in errors are those in the file.
   * shared: of all recordings of a run.
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

  /** Takes the header as it is now. Call it before the records that it commits are pushed. */
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

  /** What the records after those that were delivered go on from. */
  get state(): { batch: number; lastSampleNs: number; lastMemoryNs: number } {
    return { batch: this.#batch, ...this.#records.times };
  }

  /** Bytes received after that: of a record that is not complete yet, or of records whose checksum has not come. */
  get pending(): number {
    return this.#read.bytes.length;
  }

  /** Once all has been pushed: a sentence about bytes that came to nothing; undefined when there are none. */
  get leftOver(): string | undefined {
    return this.pending === 0 || this.#failure
      ? undefined
      : `This Lineheat recording is damaged: its last ${this.pending} bytes, from byte ${this.#consumed} on, are not whole records; everything before them is shown.`;
  }

  /**
   * Decodes what has become complete. Throws StreamError on damage, after delivering all before it;
   * nothing can be read after that, so later pushes throw the same error. frames: takes those that would be delivered.
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

  /** Delivers the batches that are complete, each after its checksum was compared. */
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

  /** Delivers the whole records among bytes [from, until). */
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

  /** Hands over the record that the reader is at if it is of one of the kinds that somebody takes as numbers. */
  #isFrame(kind: number): boolean {
    const [frames, read] = [this.#frames, this.#read];
    if (!frames || (kind !== nativeKind && kind !== stackKind)) return false;
    const parent = read.varint();
    const of = read.varint();
    if (kind === nativeKind) {
      const offset = read.varint();
      const exact = (read.byte() & 1) === 1;
      this.#check(this.#plausible.native(parent, of));
      frames.native(parent, of, offset, exact);
    } else {
      const instruction = read.signed();
      const between = read.optional();
      this.#check(this.#plausible.stack(parent, instruction, between));
      frames.stack(parent, of, instruction, between);
    }
    return true;
  }

  #check(problem: string | undefined): void {
    if (problem !== undefined) throw this.#corrupt(problem);
  }

  /** Reads the length at start + 1: sets the reader's end and returns where the payload starts, or −1 if the length is cut off. */
  #payloadStart(start: number): number {
    const { bytes } = this.#read;
    // Almost all records are this short.
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

  /** Of a whole batch nobody knows where in it the damage is. */
  #damaged(has: string): StreamError {
    return this.#fail(`the part from byte ${this.#consumed} on has ${has}`);
  }

  #corrupt(what: string): StreamError {
    return this.#fail(`the record at byte ${this.#consumed} ${what}`);
  }

  #fail(what: string): StreamError {
    this.#failure = new StreamError(
      'corrupt',
      `This Lineheat recording is damaged: ${what}; everything before it is shown.`,
      this.#consumed,
    );
    return this.#failure;
  }
}

/** Passes over whole records that are short, as almost all are, up to the next checksum or what stands where no record is. */
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
