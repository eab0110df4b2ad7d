/**
 * Follows a run's recordings while programs write them: a folder of `*.lsp` files that may appear at any time
 * (child processes), or one such file. Nothing here waits for a writer, and nothing past `committed` is read.
 * One bad recording becomes a note; the others go on.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RecordingFile, type Note, type OpenSink } from './recordingFile';
import { SharedRoom } from './sharedRoom';

/** Follows a folder or a file. Owns open file handles: close it. */
export class Tail {
  readonly notes: Note[] = [];
  private readonly files = new Map<string, RecordingFile>();
  private readonly isFolder: boolean;
  private readonly room: SharedRoom;
  private unlisted = false;

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
    return [...this.files.keys()];
  }

  /** True when every process seen has come to its end. */
  get ended(): boolean {
    return [...this.files.values()].every((file) => file.done);
  }

  /** Says that no new process can start and what has gone silent has ended. */
  programEnded(): void {
    this.live = false;
  }

  /**
   * Reads up to `budget` bytes of what is new. `progress`: something was; `behind`: there is more to read now.
   */
  poll(budget = 1 << 20): { progress: boolean; behind: boolean } {
    this.discover();
    let progress = false;
    let left = budget;
    for (const file of this.files.values()) {
      if (file.done || left <= 0) continue;
      const replaced = this.isReplaced(file);
      const read = file.poll(left, this.live, replaced);
      left -= read;
      progress ||= read > 0 || file.done;
    }
    return { progress, behind: left <= 0 };
  }

  close(): void {
    for (const file of this.files.values()) file.close();
    this.room.close(this.ended && !this.live);
  }

  private discover(): void {
    for (const path of this.list()) {
      if (!this.files.has(path)) {
        const file = new RecordingFile(path, this.openSink, (note) => this.notes.push(note));
        this.files.set(path, file);
      }
    }
  }

  private list(): string[] {
    if (!this.isFolder) return [this.path];
    this.room.unpack();
    try {
      return listRecordings(this.path);
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
    if (!header) return false;
    return [...this.files.values()].some(
      ({ header: other }) =>
        other && other.pid === header.pid && other.startMonotonicNs > header.startMonotonicNs,
    );
  }
}

function listRecordings(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.lsp'))
    .map((name) => name.slice(0, -'.lsp'.length))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => join(folder, `${name}.lsp`));
}
