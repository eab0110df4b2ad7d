/**
 * Opens files that a recording names, or that somebody sent. A recording can name anything, so only regular files are
 * opened, and never by a call that waits: a device can act when it is opened, and a pipe waits for its other end.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { plainText } from '../../recording/plain';

/** The path is no regular file; the message is one sentence for the user. */
export class NotRegularError extends Error {
  readonly code = 'ENOTREGULAR';
}

/** Opens a regular file for reading. Throws NotRegularError for anything else, or the file system's error. */
export function openRegular(path: string | Buffer): number {
  if (!statSync(path).isFile()) throw notRegular(path);
  // The open file is checked again, because the path may lead elsewhere by now.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    if (fstatSync(fd).isFile()) return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  throw notRegular(path);
}

/**
 * The text of a regular file of at most `largest` bytes, undefined when there is none. What /proc holds has no size and
 * reads as empty.
 */
export function readRegularText(path: string | Buffer, largest: number): string | undefined {
  let fd: number;
  try {
    fd = openRegular(path);
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(fd);
    return size > largest ? undefined : readAt(fd, 0, size).toString('utf8');
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** Up to `length` bytes from `offset`; fewer where the file ends. */
export function readAt(fd: number, offset: number, length: number): Buffer {
  // A length that a damaged file claims must not take memory.
  const there = Math.max(0, fstatSync(fd).size - offset);
  const bytes = Buffer.alloc(Math.min(length, there));
  let filled = 0;
  while (filled < bytes.length) {
    const got = readSync(fd, bytes, filled, bytes.length - filled, offset + filled);
    if (got === 0) break;
    filled += got;
  }
  return bytes.subarray(0, filled);
}

function notRegular(path: string | Buffer): NotRegularError {
  return new NotRegularError(
    `${plainText(basename(String(path)))} is not a regular file, so it is not opened.`,
  );
}
