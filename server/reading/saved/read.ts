/** Reads a saved run; format.ts describes the file. Nothing here trusts what the file says of itself. */
import { closeSync, fstatSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { savedRunDamaged, savedRunEnds, savedRunTooLarge } from '../../../recording/damage';
import { plainText } from '../../../recording/plain';
import type { SavedSymbols } from '../../symbols/symbols';
import type { Note } from '../recordingFile';
import { openRegular, readAt } from '../regularFile';
import { metaContent, symbolsContent, type Content } from './contents';
import { entryNames, formerMagic, magic, pieceSize, version, type SavedMeta } from './format';

/** Bytes of a line that describes an entry, at most. */
const longestLine = 4096;
/** Bytes after decompression. The writer makes no piece larger than pieceSize, and a small file must stay small. */
const largestPiece = 2 * pieceSize;
/** Characters of an entry's name that are shown. */
const longestName = 64;
/** Recordings unpack to 2 – 6 times their size. What unpacks to much more was made to fill memory. */
const mostUnpacked = (size: number): number => 20 * size + (32 << 20);

/** What a saved file holds. */
export interface SavedRun {
  meta: SavedMeta | undefined;
  symbols: SavedSymbols;
  /** About damage outside the recordings. */
  notes: Note[];
  /** The pieces of all recordings, in order; damage in them is added to `notes`. Holds the file open until its end. */
  pieces(notes: Note[]): Generator<{ name: string; bytes: Uint8Array }, void>;
}

/** A file that is no saved run, or one of a newer Lineheat; the message is one sentence for the user. */
export class SavedRunError extends Error {}

/** True when a file starts like a saved run. */
export function isSavedRun(path: string): boolean {
  const fd = openRegular(path);
  try {
    const start = readAt(fd, 0, formerMagic.length).toString('latin1');
    return start.startsWith(magic) || start === formerMagic;
  } finally {
    closeSync(fd);
  }
}

/** Opens a saved run. Throws a SavedRunError when the file is none, or was saved by a newer Lineheat. */
export function readSavedRun(path: string): SavedRun {
  const name = plainText(basename(path));
  const fd = openRegular(path);
  try {
    const first = readLine(fd, 0);
    const head = [magic, formerMagic].find((start) => first?.text.startsWith(start));
    if (!first || head === undefined) {
      throw new SavedRunError(
        `${name} is not a Lineheat recording. Open a file that ends in .lineheat or .lsp.`,
      );
    }
    const major = Number.parseInt(first.text.slice(head.length), 10);
    if (!(major <= version)) {
      throw new SavedRunError(`${name} was saved by a newer Lineheat; update Lineheat to open it.`);
    }
    const { entries, damage } = listEntries(fd, first.next, name);
    const notes = damage ? [damage] : [];
    const read = <T>(content: Content<T>): T | undefined => {
      const entry = entries.find((candidate) => candidate.name === content.name);
      const value = entry && readContent(fd, entry, content);
      if (entry && value === undefined) notes.push(damageAt(name, entry.offset, content.withoutIt));
      return value;
    };
    return {
      meta: read(metaContent),
      symbols: read(symbolsContent) ?? {},
      notes,
      pieces: (found) => pieces(path, entries, found),
    };
  } finally {
    closeSync(fd);
  }
}

interface Entry {
  /** Shortened and without control characters. */
  name: string;
  isRecording: boolean;
  offset: number;
  bytes: number;
}

function listEntries(
  fd: number,
  start: number,
  file: string,
): { entries: Entry[]; damage: Note | undefined } {
  const size = fstatSync(fd).size;
  const entries: Entry[] = [];
  let at = start;
  for (;;) {
    const line = readLine(fd, at);
    const entry = line && parseEntry(line.text, line.next);
    if (!line || !entry || entry.offset + entry.bytes > size) {
      const text = savedRunEnds(file, line && !entry ? at : undefined);
      return { entries, damage: { severity: 'warning', text } };
    }
    if (entry.name === entryNames.end) return { entries, damage: undefined };
    entries.push(entry);
    at = entry.offset + entry.bytes;
  }
}

function parseEntry(line: string, offset: number): Entry | undefined {
  try {
    const entry = JSON.parse(line) as { name?: unknown; bytes?: unknown } | null;
    const { name, bytes } = entry ?? {};
    if (typeof name !== 'string' || !Number.isSafeInteger(bytes) || (bytes as number) < 0) {
      return undefined;
    }
    const isRecording = name.endsWith('.lsp');
    return { name: plainText(name, longestName), isRecording, offset, bytes: bytes as number };
  } catch {
    return undefined;
  }
}

/** Undefined when the entry is damaged. */
function readContent<T>(fd: number, entry: Entry, { largest, check }: Content<T>): T | undefined {
  try {
    const bytes = gunzipSync(readAt(fd, entry.offset, entry.bytes), { maxOutputLength: largest });
    return check(JSON.parse(bytes.toString()));
  } catch {
    return undefined;
  }
}

function damageAt(file: string, offset: number, effect: string): Note {
  return { severity: 'warning', text: savedRunDamaged(file, offset, effect) };
}

function* pieces(
  path: string,
  entries: Entry[],
  notes: Note[],
): Generator<{ name: string; bytes: Uint8Array }, void> {
  const file = plainText(basename(path));
  const broken = new Set<string>();
  const fd = openRegular(path);
  try {
    let remaining = mostUnpacked(fstatSync(fd).size);
    for (const { name, isRecording, offset, bytes } of entries) {
      if (!isRecording || broken.has(name)) continue;
      const piece = unzip(readAt(fd, offset, bytes));
      remaining -= piece?.length ?? 0;
      if (remaining < 0) {
        notes.push({ severity: 'warning', text: savedRunTooLarge(file, offset) });
        return;
      }
      if (piece) {
        yield { name, bytes: piece };
        continue;
      }
      // A recording with a missing piece cannot be read further: records depend on earlier ones.
      broken.add(name);
      notes.push(damageAt(file, offset, `the rest of ${name} is not shown`));
    }
  } finally {
    closeSync(fd);
  }
}

/** Undefined when the bytes are damaged. Not a Buffer, whose slices would keep all of its memory: decoders keep slices. */
function unzip(bytes: Buffer): Uint8Array | undefined {
  try {
    const { buffer, byteOffset, length } = gunzipSync(bytes, { maxOutputLength: largestPiece });
    return new Uint8Array(buffer, byteOffset, length);
  } catch {
    return undefined;
  }
}

function readLine(fd: number, at: number): { text: string; next: number } | undefined {
  const bytes = readAt(fd, at, longestLine);
  const end = bytes.indexOf(10);
  return end < 0 ? undefined : { text: bytes.toString('utf8', 0, end), next: at + end + 1 };
}
