/**
 * The front of a recording: a file beside it (`<pid>.lsp.front`) with a smaller version of its beginning. It is made when a
 * run outgrows its limit while the process runs. The process has its recording mapped, so that file cannot be replaced:
 * its beginning becomes a hole instead. A recording has a front exactly where its record area begins with a 0.
 */
import { closeSync, readSync } from 'node:fs';
import type { RecordingHeader } from '../../recording/records';
import { headerBytes, readHeader } from '../../recording/decode';
import { openRegular, readAt } from './regularFile';

export const frontExtension = '.front';
/** Offset in the header of a front: the byte of the recording's record area that follows the front (u64). */
const resumeAt = 88;

const first = new Uint8Array(1);

/** The record area of a recording, from one file or two. Owns the front's open file, not the recording's: close it. */
export class RecordArea {
  /** Bytes of records in the front, and bytes of the recording that they replace; 0 without a front. */
  #length = 0;
  #resume = 0;
  /** The front's open file. */
  #front: number | undefined;
  /** Whether the beginning is missing: neither in the recording's own file nor in a front. */
  readonly isCut: boolean;
  readonly #fd: number;
  readonly #header: RecordingHeader;

  /** fd: the recording's. */
  constructor(path: string, fd: number, header: RecordingHeader) {
    this.#fd = fd;
    this.#header = header;
    const { headerSize, committed, pid, startMonotonicNs } = header;
    this.isCut = committed > 0 && readSync(fd, first, 0, 1, headerSize) === 1 && first[0] === 0;
    if (!this.isCut) return;
    const front = tryOpen(`${path}${frontExtension}`);
    if (front === undefined) return;
    const bytes = readAt(front, 0, headerBytes);
    const own = tryHeader(bytes);
    if (own?.pid !== pid || own.startMonotonicNs !== startMonotonicNs) {
      closeSync(front);
      return;
    }
    this.isCut = false;
    this.#front = front;
    this.#length = own.committed;
    this.#resume = Number(bytes.readBigUInt64LE(resumeAt));
  }

  /** Whether its beginning is in a file of its own. */
  get hasFront(): boolean {
    return this.#length > 0;
  }

  /** The length of the area when `committed` bytes of the recording's own record area are written. */
  lengthOf(committed: number): number {
    return Math.max(0, committed - this.#resume) + this.#length;
  }

  /** The byte of the recording's own record area that a position is. */
  inFile(position: number): number {
    return Math.max(0, position - this.#length) + this.#resume;
  }

  /** Reads up to `into.length` bytes at a position; 0 at the end. */
  read(into: Uint8Array, position: number): number {
    const { headerSize } = this.#header;
    if (this.#front !== undefined && position < this.#length) {
      const most = Math.min(into.length, this.#length - position);
      return readSync(this.#front, into, 0, most, headerSize + position);
    }
    return readSync(this.#fd, into, 0, into.length, headerSize + this.inFile(position));
  }

  close(): void {
    if (this.#front !== undefined) closeSync(this.#front);
    this.#front = undefined;
  }
}

/** The header of a front, made from that of its recording. resume: the byte of the recording's record area after it. */
export function frontHeader(header: Uint8Array, resume: number): Uint8Array {
  const bytes = Uint8Array.from(header);
  new DataView(bytes.buffer).setBigUint64(resumeAt, BigInt(resume), true);
  return bytes;
}

function tryOpen(path: string): number | undefined {
  try {
    return openRegular(path);
  } catch {
    return undefined;
  }
}

function tryHeader(bytes: Uint8Array): RecordingHeader | undefined {
  try {
    return readHeader(bytes);
  } catch {
    return undefined;
  }
}
