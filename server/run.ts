/** One run as the server knows it: its recordings, its profile, and what went wrong on the way. */
import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ProfileBuilder } from '../profile/builder';
import type { Profile } from '../profile/types';
import { readHeader, StreamDecoder } from '../protocol/stream';
import { runFileName, type RunFile } from './plan';
import { mainProcess } from './report';
import type { Note, OpenSink, ProcessSink } from './recordingFile';
import { isSavedRun, readSavedRun, SavedRunError, writeSavedRun, type SavedRun } from './saved';
import { Symbols } from './symbols';
import { Tail } from './tail';
import { version } from './version';

/** A run directory, a single recording, or a saved run. Owns the files it follows: close it. */
export class Run {
  readonly builder: ProfileBuilder;
  private readonly symbols: Symbols;
  private readonly tail: Tail | undefined;
  private readonly name: string;
  private readonly ownNotes: Note[] = [];
  private cached: Profile | undefined;
  private started = 0;
  private unfinished = 0;

  private constructor(
    readonly path: string,
    live: boolean,
    saved: SavedRun | undefined,
  ) {
    this.symbols = new Symbols(saved?.symbols);
    this.builder = new ProfileBuilder(this.symbols.resolve);
    this.name = saved?.meta?.program ?? readRunFile(path)?.program ?? '';
    if (saved) {
      this.ownNotes.push(...saved.notes, ...feedSaved(saved, this.openSink));
    } else {
      this.tail = new Tail(path, this.openSink, live);
    }
  }

  /** Opens a run. Throws an Error whose message is one sentence for the user. */
  static open(path: string, live: boolean): Run {
    try {
      const isFile = statSync(path).isFile();
      return new Run(path, live, isFile && isSavedRun(path) ? readSavedRun(path) : undefined);
    } catch (error) {
      if (error instanceof SavedRunError) throw error;
      throw new Error(describeOpenError(path, error));
    }
  }

  /** Reads what is new; see Tail.poll. */
  poll(budget?: number): { progress: boolean; behind: boolean } {
    const result = this.tail?.poll(budget) ?? { progress: false, behind: false };
    if (result.progress) this.cached = undefined;
    return result;
  }

  /** Reads everything there is, however long that takes. */
  readAll(): void {
    while (this.poll().behind);
  }

  /** The program's main process is gone; see Tail.programEnded. */
  programEnded(): void {
    this.tail?.programEnded();
  }

  /** True when nothing more can come. */
  get ended(): boolean {
    return this.tail?.ended ?? true;
  }

  /** Recordings seen so far, of processes that got as far as writing a header. */
  get processCount(): number {
    return this.started;
  }

  /** Processes that still run, or were not seen to end. */
  get runningCount(): number {
    return this.unfinished;
  }

  /** The profile of what has been read, immutable; the same object until more is read. */
  profile(): Profile {
    return (this.cached ??= this.builder.snapshot());
  }

  /** What a person calls this run: `tour.py`. */
  programName(): string {
    const command = mainProcess(this.profile())?.command ?? [];
    return basename(this.name || programOf(command) || this.path);
  }

  /** Everything worth saying about this run that its numbers do not, most severe first, each once. */
  notes(): Note[] {
    const changed = this.symbols.changedModules().map((path): Note => ({
      severity: 'information',
      text: `${path} is not the file the program ran with any more, so its functions have no names.`,
    }));
    const processes = this.profile().processes;
    const fromProcesses = processes.flatMap((process) => {
      const who = processes.length > 1 ? `Process ${process.pid}: ` : '';
      const ends: Note[] =
        process.state === 'lost'
          ? [
              {
                severity: 'warning',
                text: `${who}the process was killed or lost; everything recorded up to then is shown.`,
              },
            ]
          : process.state === 'full'
            ? [
                {
                  severity: 'warning',
                  text: `${who}the disk is full, so recording stopped early; the program went on. Free some space and run again.`,
                },
              ]
            : [];
      return [...process.notes.map((note) => ({ ...note, text: who + note.text })), ...ends];
    });
    const all = [...this.ownNotes, ...(this.tail?.notes ?? []), ...fromProcesses, ...changed];
    const order = ['error', 'warning', 'information'];
    const unique = [...new Map(all.map((note) => [note.text, note])).values()];
    return unique.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  }

  /** Saves the run as one file (saved.ts). Throws the file system's error, or when the run is a saved file itself. */
  save(path: string): void {
    if (!this.tail)
      throw new Error(`${basename(this.path)} is a saved run already; copy the file instead.`);
    // A snapshot resolves every name that views use, so the file opens without the libraries.
    this.profile();
    const meta = {
      writer: `linescope ${version}`,
      savedUnixMs: Date.now(),
      program: this.programName(),
    };
    writeSavedRun(path, this.tail.recordings(), this.symbols.save(), meta);
  }

  close(): void {
    this.tail?.close();
  }

  private readonly openSink = (
    header: Parameters<ProfileBuilder['addProcess']>[0],
  ): ProcessSink => {
    this.started++;
    this.unfinished++;
    const feed = this.builder.addProcess(header);
    return {
      header: (next) => feed.header(next),
      record: (record) => feed.record(record),
      finish: (end) => {
        this.unfinished--;
        feed.finish(end);
      },
    };
  };
}

/** Feeds saved streams through the same path as live ones. Returns sentences about damage. */
function feedSaved(saved: SavedRun, openSink: OpenSink): Note[] {
  const notes: Note[] = [];
  const open = new Map<
    string,
    { sink: ProcessSink; decoder: StreamDecoder; state: string } | null
  >();
  const damage = saved.readStreams((name, piece) => {
    const say = (error: unknown): void => {
      notes.push({
        severity: 'warning',
        text: `${name}: ${error instanceof Error ? error.message : String(error)}`,
      });
    };
    let stream = open.get(name);
    // Not a Buffer: the decoder keeps slices, and a Buffer's slices share its memory.
    let bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.length);
    if (stream === undefined) {
      try {
        const header = readHeader(piece);
        const sink = openSink(header);
        sink.header(header);
        stream = { sink, decoder: new StreamDecoder(header.headerSize), state: header.state };
        bytes = bytes.subarray(header.headerSize);
      } catch (error) {
        say(error);
        stream = null;
      }
      open.set(name, stream);
    }
    if (!stream) return;
    const { sink, decoder } = stream;
    try {
      decoder.push(bytes, (record) => sink.record(record));
    } catch (error) {
      say(error);
      sink.finish('ended');
      open.set(name, null);
    }
  });
  for (const stream of open.values()) {
    stream?.sink.finish(
      stream.state === 'closed' ? 'ended' : stream.state === 'full' ? 'full' : 'lost',
    );
  }
  return [...notes, ...damage];
}

/** The script or module of an interpreter's command line, '' when it names none. */
function programOf(command: readonly string[]): string {
  for (let at = 1; at < command.length; at++) {
    const word = command[at]!;
    if (word === '-m') return command[at + 1] ?? '';
    if (word === '-c') return 'python -c';
    if (word === '-X' || word === '-W') at++;
    else if (!word.startsWith('-')) return word;
  }
  return '';
}

function readRunFile(path: string): Partial<RunFile> | undefined {
  try {
    return JSON.parse(readFileSync(join(path, runFileName), 'utf8')) as Partial<RunFile>;
  } catch {
    return undefined;
  }
}

function describeOpenError(path: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return `${path} does not exist. Check the name of the recording.`;
  if (code === 'EACCES') return `${path} cannot be read. Change its permissions.`;
  return `${path} cannot be opened: ${error instanceof Error ? error.message : String(error)}.`;
}
