/**
 * A saved run: `NAME.lineheat`, everything of one run in one file, to be opened on any machine.
 *
 *     LINEHEAT-RUN 1\n                              magic and major version; a reader refuses a higher one
 *     { entry }\n  bytes…  { entry }\n  bytes… …     one JSON line per entry, then its bytes
 *     {"name":"end","bytes":0}\n                     without it the file is cut short
 *
 * An entry is {"name": string, "bytes": length of the gzip'd bytes that follow}. Names:
 *   meta.json      SavedMeta: which Lineheat wrote it, when, and what the run was called
 *   symbols.json   names of native functions by module and offset (SavedSymbols), so that no library is needed
 *   N.lsp          the next piece (≤ 4 MiB before compression) of one process's recording, as STREAM.md
 * What looks like a secret among a program's arguments is masked (secrets.ts): such files are sent to others.
 * Unknown names are skipped. Each piece is compressed on its own: damage costs one recording its rest, not
 * the others anything, and no file is too large for memory.
 */
import { closeSync, fstatSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { plainText } from '../../recording/plain';
import type { Note } from './recordingFile';
import { recordingPieces } from './recordingPieces';
import { openRegular, readAt } from './regularFile';
import type { SavedSymbols } from '../symbols/symbols';

const magic = 'LINEHEAT-RUN ';
/** What files began with when Lineheat was called Linescope; they are read as well. */
const formerMagic = 'LINESCOPE-RUN ';
const version = 1;
const pieceSize = 4 << 20;
const longestLine = 4096;
/** Bytes after decompression. The writer makes no piece larger than pieceSize, and a small file must stay small. */
const largestPiece = 2 * pieceSize;
/** Characters of an entry's name that are shown. */
const longestName = 64;
/** Recordings unpack to 2 – 6 times their size. What unpacks to much more was made to fill memory. */
const mostUnpacked = (size: number): number => 20 * size + (32 << 20);
const largestMeta = 1 << 20;
const largestSymbols = 128 << 20;

export interface SavedMeta {
  writer: string;
  savedUnixMs: number;
  program: string;
}

/** What a saved file turns out to hold. Strings are sentences about what could not be read. */
export interface SavedRun {
  meta: SavedMeta | undefined;
  symbols: SavedSymbols;
  notes: Note[];
  /** The pieces of all recordings, in order; adds sentences about damage it meets to `notes`. Holds the file open. */
  pieces(notes: Note[]): Generator<{ name: string; bytes: Uint8Array }, void>;
}

/** A file that is not a saved run at all, or a newer one; the message is one sentence for the user. */
export class SavedRunError extends Error {}

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
  // What a program was given as arguments may be secret, and a name that is taken already is somebody else's.
  const fd = openSync(temporary, 'wx', 0o600);
  try {
    writeAll(fd, Buffer.from(`${magic}${version}\n`));
    writeEntry(fd, 'meta.json', gzipSync(JSON.stringify(meta)));
    writeEntry(fd, 'symbols.json', gzipSync(JSON.stringify(symbols)));
    for (const recording of recordings) {
      for (const piece of recordingPieces(recording, pieceSize)) {
        writeEntry(fd, basename(recording), gzipSync(piece));
      }
    }
    writeEntry(fd, 'end', Buffer.alloc(0));
    fsyncSync(fd);
    closeSync(fd);
    renameSync(temporary, path);
  } catch (error) {
    closeQuietly(fd);
    rmSync(temporary, { force: true });
    throw error;
  }
}

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

/** Opens a saved run. Throws SavedRunError when it is none or a newer one. */
export function readSavedRun(path: string): SavedRun {
  const name = plainText(basename(path));
  const fd = openRegular(path);
  try {
    const first = readLine(fd, 0);
    const head = [magic, formerMagic].find((start) => first?.text.startsWith(start));
    if (!first || head === undefined)
      throw new SavedRunError(`${name} is not a Lineheat recording.`);
    const major = Number.parseInt(first.text.slice(head.length), 10);
    if (!(major <= version)) {
      throw new SavedRunError(`${name} was saved by a newer Lineheat; update Lineheat to open it.`);
    }
    const { entries, damage } = listEntries(fd, first.next, name);
    const notes = damage ? [damage] : [];
    const json = <T>(
      entry: string,
      largest: number,
      check: (value: unknown) => T | undefined,
    ): T | undefined => readJson(fd, entries, entry, name, notes, largest, check);
    return {
      meta: json('meta.json', largestMeta, metaOf),
      symbols: json('symbols.json', largestSymbols, symbolsOf) ?? {},
      notes,
      pieces: (found) => pieces(path, entries, found),
    };
  } finally {
    closeSync(fd);
  }
}

interface Entry {
  /** Plain and short. */
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
      const why = line && !entry ? `is damaged at byte ${at}` : 'is cut short';
      const text = `${file} ${why}; what comes before is shown. Copy it again to see the rest.`;
      return { entries, damage: { severity: 'warning', text } };
    }
    if (entry.name === 'end') return { entries, damage: undefined };
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function metaOf(value: unknown): SavedMeta | undefined {
  if (!isRecord(value)) return undefined;
  const { writer, savedUnixMs, program } = value;
  if (typeof writer !== 'string' || typeof program !== 'string') return undefined;
  if (typeof savedUnixMs !== 'number') return undefined;
  return { writer: plainText(writer), savedUnixMs, program: plainText(program) };
}

/** Names that are no text, or stand for no offset, are left out. */
function symbolsOf(value: unknown): SavedSymbols | undefined {
  if (!isRecord(value)) return undefined;
  const modules: [string, Record<string, string>][] = [];
  for (const [module, names] of Object.entries(value)) {
    if (!isRecord(names)) continue;
    const sound = Object.entries(names).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    const plain = sound.map(([offset, name]) => [offset, plainText(name)] as const);
    modules.push([module, Object.fromEntries(plain)]);
  }
  return Object.fromEntries(modules);
}

function readJson<T>(
  fd: number,
  entries: Entry[],
  name: string,
  file: string,
  notes: Note[],
  largest: number,
  check: (value: unknown) => T | undefined,
): T | undefined {
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) return undefined;
  try {
    const bytes = gunzipSync(readAt(fd, entry.offset, entry.bytes), { maxOutputLength: largest });
    const value = check(JSON.parse(bytes.toString()));
    if (value === undefined) throw new TypeError(`${name} has another shape.`);
    return value;
  } catch {
    const lost =
      name === 'symbols.json' ? 'native functions have no names' : 'its description is missing';
    notes.push({
      severity: 'warning',
      text: `${file} is damaged at byte ${entry.offset}: ${lost}.`,
    });
    return undefined;
  }
}

function* pieces(
  path: string,
  entries: Entry[],
  notes: Note[],
): Generator<{ name: string; bytes: Uint8Array }, void> {
  const broken = new Set<string>();
  const fd = openRegular(path);
  try {
    let left = mostUnpacked(fstatSync(fd).size);
    for (const { name, isRecording, offset, bytes } of entries) {
      if (!isRecording || broken.has(name)) continue;
      const piece = unzip(readAt(fd, offset, bytes));
      left -= piece?.length ?? 0;
      if (left < 0) {
        const text = `${plainText(basename(path))} unpacks to far more than a recording does; nothing from byte ${offset} on is shown.`;
        notes.push({ severity: 'warning', text });
        return;
      }
      if (piece) {
        yield { name, bytes: piece };
        continue;
      }
      // A stream with a hole in it cannot be read further: records depend on those before.
      broken.add(name);
      const text = `${plainText(basename(path))} is damaged at byte ${offset}: the rest of ${name} is not shown.`;
      notes.push({ severity: 'warning', text });
    }
  } finally {
    closeSync(fd);
  }
}

/** Undefined when the bytes are damaged. Not a Buffer: decoders keep slices, and a Buffer's slices share its memory. */
function unzip(bytes: Buffer): Uint8Array | undefined {
  try {
    const { buffer, byteOffset, length } = gunzipSync(bytes, { maxOutputLength: largestPiece });
    return new Uint8Array(buffer, byteOffset, length);
  } catch {
    return undefined;
  }
}

function writeEntry(fd: number, name: string, bytes: Buffer): void {
  writeAll(fd, Buffer.from(`${JSON.stringify({ name, bytes: bytes.length })}\n`));
  writeAll(fd, bytes);
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
}

function readLine(fd: number, at: number): { text: string; next: number } | undefined {
  const bytes = readAt(fd, at, longestLine);
  const end = bytes.indexOf(10);
  return end < 0 ? undefined : { text: bytes.toString('utf8', 0, end), next: at + end + 1 };
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // It was closed already.
  }
}
