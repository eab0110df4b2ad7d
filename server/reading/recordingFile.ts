/** One recording file, read as it grows. */

import { closeSync, existsSync, fstatSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import type { FrameTaker, RecordingHeader, Severity, StreamRecord } from '../../recording/records';
import {
  headerBytes,
  readHeader,
  StreamDecoder,
  type SharedContents,
} from '../../recording/decode';
import {
  emptyFile,
  missingBeginning,
  shrunkenFile,
  StreamError,
  truncatedFile,
} from '../../recording/damage';
import { isAlive } from './processes';
import { frontExtension, RecordArea } from './recordingFront';
import { openRegular } from './regularFile';

/** How a process ended: it wrote so; it is gone without having written so; or its recording was full before. */
export type ProcessEnd = 'ended' | 'lost' | 'full';
/** A sentence about a run for the user. */
export interface Note {
  severity: Severity;
  text: string;
  /** Tells notes on which code acts: a signal ended the program. */
  code?: 'killed';
}

/** Receives one process's recording as it is read. */
export interface ProcessSink {
  /** Receives records of native frames and stacks; without it they go to record() as well. */
  readonly frames?: FrameTaker;
  header(header: RecordingHeader): void;
  record(record: StreamRecord): void;
  finish(end: ProcessEnd): void;
}
/** Opens a sink for a recording whose header has just been read. */
export type OpenSink = (header: RecordingHeader) => ProcessSink;

/**
 * The bytes that are read at once, for one recording after the other: a decoder copies what it needs later, with slice().
 * Not a Buffer, because that one's slice() does not copy.
 */
const piece = new Uint8Array(1 << 20);
/** A live writer renews its heartbeat every 100 ms; one second without is suspicious, not yet proof. */
const staleHeartbeatNs = 1e9;

/** One recording. Owns its open file until it ends or is closed. */
export class RecordingFile {
  header: RecordingHeader | undefined;
  done = false;
  #fd: number | undefined;
  #sink: ProcessSink | undefined;
  #decoder: StreamDecoder | undefined;
  /** Where its records are. */
  #area: RecordArea | undefined;
  /** Bytes of records that were read. */
  #position = 0;
  /** Whether a record told the end of the process. */
  #hasEnd = false;
  readonly #openSink: OpenSink;
  readonly #say: (note: Note) => void;
  readonly #shared: SharedContents;

  constructor(
    readonly path: string,
    openSink: OpenSink,
    say: (note: Note) => void,
    shared: SharedContents,
  ) {
    this.#openSink = openSink;
    this.#say = say;
    this.#shared = shared;
  }

  /**
   * Reads up to `budget` bytes of records, and returns how many it read. live: programs of the run may still write.
   * replaced: its process has gone on to another recording. Never throws: a recording that cannot be read ends with a note.
   */
  poll(budget: number, live: boolean, replaced: boolean): number {
    try {
      return this.#read(budget, live, replaced);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (error instanceof StreamError && this.#hasLostItsBeginning()) {
        this.#say({ severity: 'warning', text: shrunkenFile(basename(this.path)) });
        this.#finish('ended');
        return 0;
      }
      const kept =
        this.#sink && !(error instanceof StreamError) ? '; what was read before is shown' : '';
      this.#say({ severity: 'warning', text: `${basename(this.path)}: ${why}${kept}` });
      this.#finish('ended');
      return 0;
    }
  }

  /** The byte of its file's record area up to which it was read. */
  get readTo(): number {
    return this.#area?.inFile(this.#position) ?? 0;
  }

  close(): void {
    this.#area?.close();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #read(budget: number, live: boolean, replaced: boolean): number {
    this.#fd ??= openRegular(this.path);
    const size = fstatSync(this.#fd).size;
    let header = this.#readHeader(this.#fd, size, live);
    if (!header) return 0;
    const end = this.#howItEnded(header, live, replaced);
    // A writer found dead may have written after the header was read, so the header is read again.
    if (end === 'lost') header = this.#readHeader(this.#fd, size, live) ?? header;
    const committed = header.headerSize + header.committed;
    const whole = Math.min(committed, size) - header.headerSize;
    // Only the first bytes of its records tell whether it has a front.
    if (whole > 0 && !this.#area) this.#area = this.#openArea(this.#fd, header);
    const available = this.#area?.lengthOf(whole) ?? 0;
    this.#decoder?.header(header);
    const from = this.#position;
    let read = 0;
    while (read < budget && from + read < available) {
      const length = Math.min(piece.length, budget - read, available - from - read);
      const got = this.#area?.read(piece.subarray(0, length), from + read) ?? 0;
      if (got === 0) break;
      read += got;
      this.#position += got;
      this.#decoder?.push(piece.subarray(0, got), this.#take, this.#sink?.frames);
    }
    this.#sink?.header(header);
    if (end && from + read >= available) {
      if (size < committed) this.#sayTruncated(size, committed);
      else this.#sayLeftOver();
      this.#finish(end);
    }
    return read;
  }

  #openArea(fd: number, header: RecordingHeader): RecordArea {
    const area = new RecordArea(this.path, fd, header);
    if (!area.isCut) return area;
    const front = `${basename(this.path)}${frontExtension}`;
    throw missingBeginning(front, header.headerSize);
  }

  #readHeader(fd: number, size: number, live: boolean): RecordingHeader | undefined {
    const bytes = Buffer.alloc(headerBytes);
    const got = size === 0 ? 0 : readSync(fd, bytes, 0, headerBytes, 0);
    // A file just created has no header yet; the agent writes the magic last.
    const unwritten = got < headerBytes || bytes[0] === 0;
    if (unwritten && live) return undefined;
    if (got === 0 || (unwritten && bytes.every((byte) => byte === 0))) {
      this.#say({ severity: 'information', text: emptyFile(basename(this.path)) });
      this.#finish('lost');
      return undefined;
    }
    const header = this.#parseHeader(fd, bytes.subarray(0, got));
    this.header = header;
    this.#sink ??= this.#openSink(header);
    this.#decoder ??= new StreamDecoder(header, this.#shared);
    return header;
  }

  /** Reads a second time what looks damaged: the writer may just have been changing it. */
  #parseHeader(fd: number, bytes: Uint8Array): RecordingHeader {
    try {
      return readHeader(bytes);
    } catch {
      return readHeader(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)));
    }
  }

  #howItEnded(header: RecordingHeader, live: boolean, replaced: boolean): ProcessEnd | undefined {
    if (header.state === 'full') return 'full';
    if (header.state === 'closed' || replaced) return 'ended';
    const age = Number(process.hrtime.bigint()) - header.heartbeatNs;
    // A heartbeat from the future was written before this machine started, or on another one.
    const silent = age < 0 || age > staleHeartbeatNs;
    if (!live) return isAlive(header) && !silent ? undefined : 'lost';
    return silent && !isAlive(header) ? 'lost' : undefined;
  }

  /** Whether the beginning has become a hole while it was read: another process may make the recording smaller. */
  #hasLostItsBeginning(): boolean {
    return this.#area?.hasFront === false && existsSync(`${this.path}${frontExtension}`);
  }

  #sayTruncated(size: number, committed: number): void {
    const text = truncatedFile(basename(this.path), size, committed);
    this.#say({ severity: 'warning', text });
  }

  #sayLeftOver(): void {
    const text = this.#decoder?.leftOver;
    if (text !== undefined)
      this.#say({ severity: 'warning', text: `${basename(this.path)}: ${text}` });
  }

  readonly #take = (record: StreamRecord): void => {
    if (record.kind === 'end') this.#hasEnd = true;
    this.#sink?.record(record);
  };

  #finish(end: ProcessEnd): void {
    this.done = true;
    // A process can be killed between its last record and marking its file closed.
    this.#sink?.finish(end === 'lost' && this.#hasEnd ? 'ended' : end);
    this.#sink = undefined;
    this.#decoder = undefined;
    this.close();
  }
}
