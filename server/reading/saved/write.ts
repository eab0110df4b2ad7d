/** Writes a run into one file; format.ts describes the file. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { SavedSymbols } from '../../symbols/symbols';
import { recordingPieces } from '../recordingPieces';
import { entryNames, magic, pieceSize, version, type SavedMeta } from './format';

/**
 * Writes recordings (paths of .lsp files) and resolved symbols to `path`, through a temporary file, so that a
 * failure leaves what was there before. Throws the file system's error.
 */
export function writeSavedRun(
  path: string,
  recordings: string[],
  symbols: SavedSymbols,
  meta: SavedMeta,
): void {
  const temporary = `${path}.${process.pid}.tmp`;
  // Arguments of the program may be secret, so only the user may read the file; a file that is already there belongs to
  // somebody else.
  const fd = openSync(temporary, 'wx', 0o600);
  try {
    writeAll(fd, Buffer.from(`${magic}${version}\n`));
    writeEntry(fd, entryNames.meta, gzipSync(JSON.stringify(meta)));
    writeEntry(fd, entryNames.symbols, gzipSync(JSON.stringify(symbols)));
    for (const recording of recordings) {
      for (const piece of recordingPieces(recording, pieceSize)) {
        writeEntry(fd, basename(recording), gzipSync(piece));
      }
    }
    writeEntry(fd, entryNames.end, Buffer.alloc(0));
    fsyncSync(fd);
    closeSync(fd);
    renameSync(temporary, path);
  } catch (error) {
    closeQuietly(fd);
    rmSync(temporary, { force: true });
    throw error;
  }
}

function writeEntry(fd: number, name: string, bytes: Buffer): void {
  writeAll(fd, Buffer.from(`${JSON.stringify({ name, bytes: bytes.length })}\n`));
  writeAll(fd, bytes);
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // The file was closed already.
  }
}
