/**
 * Follows a run's recordings while programs write them: a folder of `*.lsp` files that may appear at any time
 * (child processes), or one such file. Nothing here waits for a writer, and nothing past `committed` is read.
 * A recording that cannot be read becomes a note; the others go on.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SharedContents } from '../../recording/decode';
import { fastChecksum } from './fastChecksum';
import { RecordingFile, type Note, type OpenSink } from './recordingFile';
import { SharedRoom } from './sharedRoom';

const extension = '.lsp';
/** Listing the folder of a live run may take this share of the time; quicker listings than quickListMs are not limited. */
const listShare = 0.05;
const quickListMs = 5;

/** Follows a folder or a file. Owns open file handles: close it. */
export class Tail {
  readonly notes: Note[] = [];
  /** Paths of all recordings so far. */
  readonly #found = new Set<string>();
  /** Those that have not ended. */
  readonly #open = new Set<RecordingFile>();
  /** By process id, the latest start of a process with a recording: ids are used again. */
  readonly #youngest = new Map<number, number>();
  readonly #shared = new SharedContents(fastChecksum);
  readonly #isFolder: boolean;
  readonly #room: SharedRoom;
  /** Whether a note says that the folder cannot be listed. */
  #isUnlisted = false;
  /** Whether the last poll did not reach the end of all recordings. */
  #behind = false;
  /** The folder of a live run is listed again from this moment on, performance.now(). */
  #nextListMs = 0;
  readonly #openSink: OpenSink;
  #live: boolean;

  /** Throws when `path` does not exist or cannot be read. `live`: a program may still be writing. */
  constructor(
    readonly path: string,
    openSink: OpenSink,
    live: boolean,
  ) {
    this.#openSink = openSink;
    this.#live = live;
    this.#isFolder = statSync(path).isDirectory();
    this.#room = new SharedRoom(path);
  }

  /** Paths of the recordings seen so far. */
  recordings(): string[] {
    return [...this.#found];
  }

  /** Up to which byte of its record area a recording was read; Infinity where it is not open. */
  readTo(path: string): number {
    const file = [...this.#open].find((one) => one.path === path);
    return file?.readTo ?? Infinity;
  }

  /** True when every process with a recording has ended. */
  get ended(): boolean {
    return this.#open.size === 0;
  }

  /** No new process can start, and a process without a heartbeat has ended. */
  programEnded(): void {
    this.#live = false;
  }

  /**
   * Reads up to `budget` bytes of what is new. `progress`: something was; `behind`: there may be more to read now.
   */
  poll(budget = 1 << 20): { progress: boolean; behind: boolean } {
    // Known recordings are read before new ones are looked for, because a folder can hold very many.
    const isListed = !this.#behind;
    if (isListed) this.#discover();
    let progress = false;
    let remaining = budget;
    for (const file of this.#open) {
      if (remaining <= 0) break;
      const read = file.poll(remaining, this.#live, this.#isReplaced(file));
      remaining -= read;
      progress ||= read > 0 || file.done;
      this.#noteState(file);
    }
    this.#behind = remaining <= 0;
    return { progress, behind: this.#behind || !isListed };
  }

  close(): void {
    for (const file of this.#open) file.close();
    this.#room.close(this.ended && !this.#live);
  }

  #discover(): void {
    if (this.#live && performance.now() < this.#nextListMs) return;
    const startMs = performance.now();
    for (const path of this.#list()) {
      this.#found.add(path);
      const say = (note: Note): void => void this.notes.push(note);
      this.#open.add(new RecordingFile(path, this.#openSink, say, this.#shared));
    }
    const tookMs = performance.now() - startMs;
    this.#nextListMs = tookMs < quickListMs ? 0 : startMs + tookMs / listShare;
  }

  /** Notes when the process of a recording started, and drops a recording that has ended. */
  #noteState(file: RecordingFile): void {
    if (file.header) {
      const { pid, startMonotonicNs } = file.header;
      const known = this.#youngest.get(pid) ?? -Infinity;
      if (startMonotonicNs > known) this.#youngest.set(pid, startMonotonicNs);
    }
    if (file.done) this.#open.delete(file);
  }

  /** Paths of new recordings. */
  #list(): string[] {
    if (!this.#isFolder) return this.#found.has(this.path) ? [] : [this.path];
    this.#room.unpack();
    try {
      return listRecordings(this.path)
        .filter((path) => !this.#found.has(path))
        .sort(byNumber);
    } catch (error) {
      if (!this.#isUnlisted) {
        this.#isUnlisted = true;
        const why = error instanceof Error ? error.message : String(error);
        this.notes.push({
          severity: 'error',
          text: `The folder of the run can no longer be read (${why}); processes that start from now on are not shown. Open the run again once its folder can be read.`,
        });
      }
      return [];
    }
  }

  /** After exec the same process writes a second recording, and the first one never gets a record of its end. */
  #isReplaced(file: RecordingFile): boolean {
    const { header } = file;
    return header !== undefined && this.#youngest.get(header.pid)! > header.startMonotonicNs;
  }
}

function listRecordings(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .map((name) => join(folder, name));
}

const collator = new Intl.Collator('en', { numeric: true });

/** `9.lsp` before `10.lsp`, and `9.lsp` before `9.1.lsp`. */
function byNumber(a: string, b: string): number {
  return collator.compare(a.slice(0, -extension.length), b.slice(0, -extension.length));
}
