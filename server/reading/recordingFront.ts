/**
 * What stands for the beginning of a recording whose process may still run. When a run outgrows its limit, the old part of
 * such a file is made smaller in a file beside it (`<pid>.lsp.front`), and becomes a hole where it was: a process that records has its file
 * mapped, so the file itself cannot be replaced. The record area of a recording begins with a 0 exactly where it has a front.
 */
import { closeSync, readSync } from 'node:fs';
import type { RecordingHeader } from '../../recording/records';
import { headerBytes, readHeader } from '../../recording/decode';
import { openRegular, readAt } from './regularFile';

export const frontExtension = '.front';
/** Where the header of a front says which byte of the recording's record area follows it (u64). */
const resumeAt = 88;

const first = new Uint8Array(1);

/** The record area of a recording, from one file or two. Owns the front's open file, not the recording's: close it. */
export class RecordArea {
  /** Bytes that stand for the beginning, and how many of the recording they stand for. */
  private length = 0;
  private resume = 0;
  private front: number | undefined;
  /** It has no beginning: neither in its own file nor in a front. */
  readonly isCut: boolean;

  /** fd: the recording's. */
  constructor(
    path: string,
    private readonly fd: number,
    private readonly header: RecordingHeader,
  ) {
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
    this.front = front;
    this.length = own.committed;
    this.resume = Number(bytes.readBigUInt64LE(resumeAt));
  }

  /** Whether its beginning is in a file of its own. */
  get hasFront(): boolean {
    return this.length > 0;
  }

  /** How long the area is where so many bytes of it are in the recording's file, the beginning among them. */
  lengthOf(committed: number): number {
    return Math.max(0, committed - this.resume) + this.length;
  }

  /** Which byte of the record area in the recording's file a position is. */
  inFile(position: number): number {
    return Math.max(0, position - this.length) + this.resume;
  }

  /** Reads up to `into.length` bytes at a position; 0 at the end. */
  read(into: Uint8Array, position: number): number {
    const { headerSize } = this.header;
    if (this.front !== undefined && position < this.length) {
      const most = Math.min(into.length, this.length - position);
      return readSync(this.front, into, 0, most, headerSize + position);
    }
    return readSync(this.fd, into, 0, into.length, headerSize + this.inFile(position));
  }

  close(): void {
    if (this.front !== undefined) closeSync(this.front);
    this.front = undefined;
  }
}

/** The header of a front, made of that of its recording. */
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
