/** What the server knows besides the runs themselves: the client's settings, and how the shown run is to be looked at. */
import type { View } from '../profile/view/viewed';
import type { Fold } from '../profile/view/fold';
import type { InitializationOptions, RangeParams, RunRange, ServerSettings } from '../protocol/lsp';
import { OwnCode } from './editing/ownCode';
import { Sources } from './editing/sources';
import type { FeatureContext } from './features/context';
import type { Run } from './reading/run';
import { readSettings } from './settings';
import type { RunStore } from './store';

/** One session: a server has one client. */
export class Session {
  /** The client registers Lineheat's commands and draws icons. */
  isRich = false;
  readonly #store: RunStore;
  readonly #ownCode = new OwnCode();
  #settings: ServerSettings = readSettings({});
  /** The part of a run's time that figures are of, as long as that run is shown. */
  #range: RangeParams | undefined;
  /** The files of the shown run; undefined until somebody asks. */
  #sources: { run: Run; files: Sources } | undefined;

  constructor(store: RunStore) {
    this.#store = store;
  }

  get settings(): Readonly<ServerSettings> {
    return this.#settings;
  }

  initialize(options: Partial<InitializationOptions>): void {
    this.#settings = readSettings(options);
    this.isRich = options.richClient === true;
  }

  /** Takes settings as a client sent them. */
  changeSettings(sent: unknown): void {
    const before = JSON.stringify(this.#settings.pathMappings);
    this.#settings = readSettings(sent);
    if (JSON.stringify(this.#settings.pathMappings) !== before) this.#sources = undefined;
  }

  chooseRange(range: RangeParams): void {
    this.#range = range;
  }

  /** What features answer from, or undefined when no run is shown. */
  context(onlyMyCode = this.#settings.onlyMyCode): FeatureContext | undefined {
    const { shown: run, shownRunId: runId } = this.#store;
    if (!run || runId === undefined) return undefined;
    const range = this.#range?.run === runId ? this.#range.range : null;
    return {
      runId,
      ...run.inView({ ...rangeOf(run, range), ...foldOf(this.fold(run, onlyMyCode)) }),
      sources: this.#sourcesOf(run),
      settings: this.#settings,
      rich: this.isRich,
    };
  }

  /** What folds libraries into the user's own code; undefined where nothing is to be folded. */
  fold(run: Run, onlyMyCode: boolean): Fold | undefined {
    return this.#ownCode.foldOf(run, { ...this.#settings, onlyMyCode });
  }

  /** Each run has its own, because it may have run another text of the same files. */
  #sourcesOf(run: Run): Sources {
    if (this.#sources?.run !== run) {
      this.#sources = { run, files: new Sources(this.#settings.pathMappings) };
    }
    return this.#sources.files;
  }
}

function rangeOf(run: Run, range: RunRange | null): Pick<View, 'range'> {
  if (!range) return {};
  const { elapsedNs } = run.profile();
  return 'lastNs' in range
    ? { range: { fromNs: Math.max(0, elapsedNs - range.lastNs), untilNs: Infinity } }
    : { range: { fromNs: range.fromNs, untilNs: range.untilNs ?? Infinity } };
}

function foldOf(fold: Fold | undefined): Pick<View, 'fold'> {
  return fold ? { fold } : {};
}
