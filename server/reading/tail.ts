/**
 * Follows a run's recordings while programs write them: a folder of `*.lsp` files that may appear at any time
 * (child processes), or one such file. Nothing here waits for a writer, and nothing past `committed` is read.
 * One bad recording becomes a note; the others go on.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SharedContents } from '../../recording/decode';
import { fastChecksum } from './fastChecksum';
import { RecordingFile, type Note, type OpenSink } from './recordingFile';
import { SharedRoom } from './sharedRoom';

const extension = '.lsp';
/** Listing a folder that is still written to may take this share of the time, where it takes longer than this. */
const listShare = 0.05;
const quickListMs = 5;

/** Follows a folder or a file. Owns open file handles: close it. */
export class Tail {
  readonly notes: Note[] = [];
  /** Paths of the recordings seen so far, and those that have not come to their end. */
  private readonly found = new Set<string>();
  private readonly open = new Set<RecordingFile>();
  /** Of each number of a process, when the youngest one started whose recording was seen. */
  private readonly youngest = new Map<number, number>();
  private readonly shared = new SharedContents(fastChecksum);
  private readonly isFolder: boolean;
  private readonly room: SharedRoom;
  private unlisted = false;
  /** The last poll left something of the recordings that were found. */
  private behind = false;
  /** Not before this moment is the folder of a live run listed again, ms. */
  private nextListMs = 0;

  /** Throws when `path` does not exist or cannot be read. `live`: a program may still be writing. */
  constructor(
    readonly path: string,
    private readonly openSink: OpenSink,
    private live: boolean,
  ) {
    this.isFolder = statSync(path).isDirectory();
    this.room = new SharedRoom(path);
  }

  /** Paths of the recordings seen so far. */
  recordings(): string[] {
    return [...this.found];
  }

  /** Up to which byte of its record area a recording was read; Infinity where it is not open. */
  readTo(path: string): number {
    const file = [...this.open].find((one) => one.path === path);
    return file?.readTo ?? Infinity;
  }

  /** True when every process seen has come to its end. */
  get ended(): boolean {
    return this.open.size === 0;
  }

  /** Says that no new process can start and what has gone silent has ended. */
  programEnded(): void {
    this.live = false;
  }

  /**
   * Reads up to `budget` bytes of what is new. `progress`: something was; `behind`: there may be more to read now.
   */
  poll(budget = 1 << 20): { progress: boolean; behind: boolean } {
    // What has been found is read before more is looked for: a folder can hold very many recordings.
    const isListed = !this.behind;
    if (isListed) this.discover();
    let progress = false;
    let left = budget;
    for (const file of this.open) {
      if (left <= 0) break;
      const read = file.poll(left, this.live, this.isReplaced(file));
      left -= read;
      progress ||= read > 0 || file.done;
      this.seen(file);
    }
    this.behind = left <= 0;
    return { progress, behind: this.behind || !isListed };
  }

  close(): void {
    for (const file of this.open) file.close();
    this.room.close(this.ended && !this.live);
  }

  private discover(): void {
    if (this.live && performance.now() < this.nextListMs) return;
    const startMs = performance.now();
    for (const path of this.list()) {
      this.found.add(path);
      const say = (note: Note): void => void this.notes.push(note);
      this.open.add(new RecordingFile(path, this.openSink, say, this.shared));
    }
    const tookMs = performance.now() - startMs;
    this.nextListMs = tookMs < quickListMs ? 0 : startMs + tookMs / listShare;
  }

  /** Takes note of what a recording's header says, and forgets one that has come to its end. */
  private seen(file: RecordingFile): void {
    if (file.header) {
      const { pid, startMonotonicNs } = file.header;
      const known = this.youngest.get(pid) ?? -Infinity;
      if (startMonotonicNs > known) this.youngest.set(pid, startMonotonicNs);
    }
    if (file.done) this.open.delete(file);
  }

  /** Paths of recordings that were not seen before. */
  private list(): string[] {
    if (!this.isFolder) return this.found.has(this.path) ? [] : [this.path];
    this.room.unpack();
    try {
      return listRecordings(this.path)
        .filter((path) => !this.found.has(path))
        .sort(byNumber);
    } catch (error) {
      if (!this.unlisted) {
        this.unlisted = true;
        const why = error instanceof Error ? error.message : String(error);
        this.notes.push({
          severity: 'error',
          text: `The folder of the run can no longer be read (${why}); processes that start from now on are not shown.`,
        });
      }
      return [];
    }
  }

  /** After exec the same process writes a second recording, and the first will never say that it ended. */
  private isReplaced(file: RecordingFile): boolean {
    const { header } = file;
    return header !== undefined && this.youngest.get(header.pid)! > header.startMonotonicNs;
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
