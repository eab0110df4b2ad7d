/** Thins one recording: its old part becomes sums (profile/thin/thinner.ts), the rest is copied byte for byte. */
import { closeSync, fsync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { RecordingHeader } from '../../recording/records';
import { Thinner } from '../../profile/thin/thinner';
import { changedHeader, headerBytes, readHeader, StreamDecoder } from '../../recording/decode';
import { frontExtension, frontHeader, RecordArea } from '../reading/recordingFront';
import { openRegular, readAt } from '../reading/regularFile';
import { BatchWriter } from './batchWriter';
import { unfinishedExtension } from './folder';

/** Bytes between two pauses: of records that are thinned, which takes some tens of milliseconds, and of bytes that are copied. */
const recordBytes = 64 * 1024;
const copyBytes = 1024 * 1024;
/** The only minor version of the format whose records are all known here. */
const knownMinor = 2;

/** Asynchronous, because a disk can take seconds for it. */
const flush = promisify(fsync);

/** Waits, so that other work goes on. Throws to give up. */
export type Pause = () => Promise<void>;

/** The thinned part of a recording. */
export interface Thinned {
  /** Bytes of its records. */
  length: number;
  /** The byte of the recording's own record area that follows it. */
  resume: number;
  /** Up to which moment of the process it goes, ns. */
  untilNs: number;
}

/** A recording to read. Owns its open files: close it. */
class Source {
  readonly fd: number;
  readonly rawHeader: Uint8Array;
  readonly header: RecordingHeader;
  readonly area: RecordArea;

  constructor(path: string) {
    this.fd = openRegular(path);
    try {
      this.rawHeader = new Uint8Array(readAt(this.fd, 0, headerBytes));
      this.header = readHeader(this.rawHeader);
      this.area = new RecordArea(path, this.fd, this.header);
    } catch (error) {
      closeSync(this.fd);
      throw error;
    }
  }

  /** Bytes of records. */
  get length(): number {
    return this.area.lengthOf(this.header.committed);
  }

  /** Reads from `from` until `until`, piece by piece. */
  async each(
    from: number,
    until: number,
    pieceBytes: number,
    take: (piece: Uint8Array) => void,
    pause: Pause,
  ): Promise<void> {
    for (let at = from; at < until;) {
      const piece = new Uint8Array(Math.min(pieceBytes, until - at));
      const got = this.area.read(piece, at);
      if (got === 0) return;
      at += got;
      take(piece.subarray(0, got));
      await pause();
    }
  }

  close(): void {
    this.area.close();
    closeSync(this.fd);
  }
}

/** Thins all of a recording whose process is over, and replaces the recording with the result. */
export async function thinWhole(path: string, stretchNs: number, pause: Pause): Promise<Thinned> {
  const result = await withNew(path, path, async (source, fd) => {
    const writer = new BatchWriter(fd, source.header.headerSize);
    const thinned = await merge(source, source.length, stretchNs, writer, pause);
    // A damaged rest stays as it is.
    await copy(source, thinned.read, writer, pause);
    writeAt(fd, changedHeader(source.rawHeader, writer.length), 0);
    return { ...thinned, length: writer.length };
  });
  rmSync(`${path}${frontExtension}`, { force: true });
  return result;
}

/**
 * Thins the part of a recording before byte `until` of its own record area, and writes the result as its front
 * (recordingFront.ts). The recording has that part as well until the caller makes it a hole.
 */
export async function thinFront(
  path: string,
  until: number,
  stretchNs: number,
  pause: Pause,
): Promise<Thinned> {
  return withNew(path, `${path}${frontExtension}`, async (source, fd) => {
    const writer = new BatchWriter(fd, source.header.headerSize);
    const end = source.area.lengthOf(until);
    const thinned = await merge(source, end, stretchNs, writer, pause);
    const header = changedHeader(source.rawHeader, writer.length, 'recording');
    writeAt(fd, frontHeader(header, thinned.resume), 0);
    return { ...thinned, length: writer.length };
  });
}

/** Removes a front whose recording still has the part that the front replaces. */
export function removeUnusedFront(path: string): void {
  try {
    const source = new Source(path);
    source.close();
    if (!source.area.hasFront) rmSync(`${path}${frontExtension}`, { force: true });
  } catch {
    // A recording that cannot be read is left as it is.
  }
}

/** Puts a recording whose process is over and its front into one file. */
export async function joinFront(path: string, pause: Pause): Promise<void> {
  await withNew(path, path, async (source, fd) => {
    const writer = new BatchWriter(fd, source.header.headerSize);
    await copy(source, 0, writer, pause);
    writeAt(fd, changedHeader(source.rawHeader, writer.length), 0);
  });
  rmSync(`${path}${frontExtension}`, { force: true });
}

/** Thins the records before a position. `read`: the position of the first record after them. */
async function merge(
  source: Source,
  until: number,
  stretchNs: number,
  writer: BatchWriter,
  pause: Pause,
): Promise<Omit<Thinned, 'length'> & { read: number }> {
  const { header, area } = source;
  if (header.minor !== knownMinor) throw new Error('it is of another version');
  const decoder = new StreamDecoder(header);
  const thinner = new Thinner(
    header,
    stretchNs,
    (record) => writer.put(record),
    () => writer.copy(decoder.recordBytes),
  );
  await source.each(
    0,
    until,
    recordBytes,
    (piece) => decoder.push(piece, (record) => thinner.take(record)),
    pause,
  );
  const end = thinner.finish();
  // The last record of its batch: it names the number of the next one.
  writer.put({ kind: 'thinned', ...end, ...decoder.state });
  writer.flush();
  const read = decoder.position - header.headerSize;
  return { read, resume: area.inFile(read), untilNs: end.untilNs };
}

/** Copies everything from a position on. */
function copy(source: Source, from: number, writer: BatchWriter, pause: Pause): Promise<void> {
  return source.each(from, source.length, copyBytes, (piece) => writer.append(piece), pause);
}

/** Writes a new file and renames it to `to`, so that at any moment there is either the old file or the new one. */
async function withNew<T>(
  path: string,
  to: string,
  write: (source: Source, fd: number) => Promise<T>,
): Promise<T> {
  const temporary = `${to}${unfinishedExtension}`;
  rmSync(temporary, { force: true });
  const source = new Source(path);
  try {
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      const result = await write(source, fd);
      await flush(fd);
      renameSync(temporary, to);
      return result;
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
  } finally {
    source.close();
  }
}

function writeAt(fd: number, bytes: Uint8Array, position: number): void {
  writeSync(fd, bytes, 0, bytes.length, position);
}
