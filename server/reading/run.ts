/** One run as the server knows it: its recordings, its profile, and what went wrong on the way. */
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ProfileBuilder } from '../../profile/feed/builder';
import { programOf } from '../../profile/paths';
import type { Profile } from '../../profile/types';
import type { RunPlaces } from '../../profile/view/places';
import { viewedPlaces, viewedProfile, type View } from '../../profile/view/viewed';
import { plainText } from '../../recording/plain';
import { runFileName, type RunFile } from '../launch/plan';
import { RecordingLimit } from '../limit/recordingLimit';
import { detailNotes } from '../output/limitNotes';
import { profileNotes, sortNotes } from '../output/notes';
import type { Note, OpenSink } from './recordingFile';
import { NotRegularError, readRegularText } from './regularFile';
import { SavedFeed } from './saved/feed';
import { isSavedRun, readSavedRun, SavedRunError, type SavedRun } from './saved/read';
import { writeSavedRun } from './saved/write';
import { Symbols } from '../symbols/symbols';
import { Tail } from './tail';
import { version } from '../version';

/** Bytes; arguments may be long. */
const largestRunFile = 4 << 20;

/** What a view showed last, and the whole profile that this was made from. */
interface ViewOfRun {
  readonly whole: Profile;
  readonly view: View;
  readonly profile: Profile;
  readonly places: RunPlaces;
}

/** A run directory, a single recording, or a saved run. Owns the files it follows: close it. */
export class Run {
  readonly builder: ProfileBuilder;
  readonly #symbols: Symbols;
  readonly #source: Tail | SavedFeed;
  readonly #name: string;
  #cached: Profile | undefined;
  #cachedView: ViewOfRun | undefined;
  #started = 0;
  #unfinished = 0;
  #limit: RecordingLimit | undefined;

  private constructor(
    readonly path: string,
    live: boolean,
    saved: SavedRun | undefined,
  ) {
    this.#symbols = new Symbols(saved?.symbols);
    this.builder = new ProfileBuilder(this.#symbols.resolve);
    this.#name = saved?.meta?.program ?? readRunName(path);
    this.#source = saved
      ? new SavedFeed(saved, this.#openSink)
      : new Tail(path, this.#openSink, live);
  }

  /** Opens a run. Throws an Error whose message is one sentence for the user. */
  static open(path: string, live: boolean): Run {
    try {
      const isFolder = statSync(path).isDirectory();
      return new Run(path, live, !isFolder && isSavedRun(path) ? readSavedRun(path) : undefined);
    } catch (error) {
      if (error instanceof SavedRunError) throw error;
      throw new Error(describeOpenError(path, error));
    }
  }

  /** Reads what is new; see Tail.poll. */
  poll(budget?: number): { progress: boolean; behind: boolean } {
    const result = this.#source.poll(budget);
    if (result.progress) this.#cached = undefined;
    return result;
  }

  /** Reads everything there is, however long that takes. */
  readAll(): void {
    while (this.poll().behind);
  }

  /** The program's main process is gone; see Tail.programEnded. */
  programEnded(): void {
    this.#source.programEnded();
  }

  /** True when nothing more can come. */
  get ended(): boolean {
    return this.#source.ended;
  }

  /** Keeps the recordings of a run that goes on below this size, until it has ended or is closed. */
  keepBelow(bytes: number): void {
    if (!(this.#source instanceof Tail) || bytes === Infinity) return;
    const source = this.#source;
    this.limitedBy(new RecordingLimit(this.path, bytes, (path) => source.readTo(path)));
    this.#limit?.start();
  }

  /** Tells the run of the limit that its recordings are kept below, whose notes are the run's as well. */
  limitedBy(limit: RecordingLimit): void {
    this.#limit = limit;
  }

  /** The run has ended: finishes the work of its limit. */
  async settleLimit(): Promise<void> {
    await this.#limit?.stop();
  }

  /** Recordings seen so far, of processes that got as far as writing a header. */
  get processCount(): number {
    return this.#started;
  }

  /** Processes that still run, or were not seen to end. */
  get runningCount(): number {
    return this.#unfinished;
  }

  /** The profile of what has been read, immutable; the same object until more is read. */
  profile(): Profile {
    return (this.#cached ??= this.builder.snapshot());
  }

  /** The same as a view shows it; a new object only where something changed. */
  viewed(view: View): Profile {
    return this.inView(view).profile;
  }

  /** The same, and what questions about its lines are answered from. */
  inView(view: View): { profile: Profile; places: RunPlaces } {
    const whole = this.profile();
    if (!view.range && !view.fold) return { profile: whole, places: this.builder };
    const { range, fold } = view;
    const known = this.#cachedView;
    const isKnown =
      known?.whole === whole &&
      known.view.fold === fold &&
      known.view.range?.fromNs === range?.fromNs &&
      known.view.range?.untilNs === range?.untilNs;
    if (isKnown) return known;
    const places = viewedPlaces(this.builder, view);
    this.#cachedView = { whole, view, places, profile: viewedProfile(whole, places) };
    return this.#cachedView;
  }

  /** What a person calls this run: `tour.py`. */
  programName(): string {
    const command = this.profile().processes[0]?.command ?? [];
    return plainText(this.#name || programOf(command) || basename(this.path));
  }

  /** All notes about this run, most severe first, each once. */
  notes(): Note[] {
    const changed = this.#symbols.changedModules().map((path): Note => ({
      severity: 'information',
      text: `${path} is no longer the file that the program ran with, so its functions have no names. Run again to see them.`,
    }));
    const limit = this.#limit?.notes ?? [];
    const profile = this.profile();
    const detail = limit.length === 0 ? detailNotes(profile) : [];
    const notes = [
      ...this.#source.notes,
      ...profileNotes(profile),
      ...detail,
      ...limit,
      ...changed,
    ];
    return sortNotes(notes);
  }

  /** Saves the run as one file (saved/format.ts). Throws the file system's error, or when the run is a saved file itself. */
  save(path: string): void {
    if (!(this.#source instanceof Tail))
      throw new Error(`${basename(this.path)} is a saved run already; copy the file instead.`);
    const meta = {
      writer: `lineheat ${version}`,
      savedUnixMs: Date.now(),
      program: this.programName(),
    };
    writeSavedRun(path, this.#source.recordings(), this.#symbols.save(), meta);
  }

  close(): void {
    void this.#limit?.stop();
    this.#source.close();
  }

  readonly #openSink: OpenSink = (header) => {
    this.#started++;
    this.#unfinished++;
    const feed = this.builder.addProcess(header);
    return {
      frames: feed.frames,
      header: (next) => feed.header(next),
      record: (record) => feed.record(record),
      finish: (end) => {
        this.#unfinished--;
        feed.finish(end);
      },
    };
  };
}

/** What run.json in a run's folder calls the run, or else its program; empty when nothing there does. */
function readRunName(path: string): string {
  try {
    const text = readRegularText(join(path, runFileName), largestRunFile) ?? '{}';
    const { name, program } = JSON.parse(text) as Partial<RunFile>;
    if (typeof name === 'string' && name !== '') return name;
    return typeof program === 'string' ? basename(program) : '';
  } catch {
    return '';
  }
}

function describeOpenError(path: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  const name = plainText(path);
  if (error instanceof NotRegularError) return error.message;
  if (code === 'ENOENT') return `${name} does not exist. Check the name of the recording.`;
  if (code === 'EACCES') return `${name} cannot be read. Change its permissions.`;
  const why = error instanceof Error ? error.message : String(error);
  return `${name} cannot be opened: ${why}. Check the file and its folder, and open it again.`;
}
