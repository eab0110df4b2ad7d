/**
 * Owns the runs an editor has opened: follows them while their programs write, and says when something
 * changed. One of them, the newest opened, is the one shown.
 */
import type {
  EndRunParams,
  EndRunResult,
  OpenRunParams,
  OpenRunResult,
  RunStatus,
} from '../protocol/lsp';
import type { Fold } from '../profile/view/fold';
import { describeEnd } from './output/outcome';
import { Run } from './reading/run';

const tailPeriodMs = 125;
const publishPeriodMs = 333;
/** Both periods while a live run has no figures yet, because somebody waits for them; but no longer than firstWaitMs. */
const firstPeriodMs = 50;
const firstWaitMs = 10_000;
/** Publishing may take this share of the server's time; a huge run is refreshed less often instead. */
const publishShare = 0.25;
/** Closing a run waits this long for processes that are still ending. */
const endingMs = 1500;

export interface StoreEvents {
  status(status: RunStatus): void;
  /** The shown run's numbers changed, or another run is shown; undefined when none is. */
  shown(run: Run | undefined): void;
  /** Something failed in the background. */
  failed(what: string, error: unknown): void;
}

interface Opened {
  id: string;
  run: Run;
  live: boolean;
  /** It has a tab of its own, and is kept for that also while another run is shown. */
  hasView: boolean;
  /** New records since the last publication. */
  changed: boolean;
  /** Until this moment, Date.now(), its first figures are published early; 0 once they were. */
  hurryUntilMs: number;
  timer: NodeJS.Timeout | undefined;
}

/** The runs of one server by their ids. Owns them, with their files and timers: close it. */
export class RunStore {
  readonly #runs = new Map<string, Opened>();
  #shownId: string | undefined;
  #publishTimer: NodeJS.Timeout | undefined;
  readonly #events: StoreEvents;

  constructor(events: StoreEvents) {
    this.#events = events;
  }

  /** The run that hovers and annotations are about. */
  get shown(): Run | undefined {
    return this.#shownId === undefined ? undefined : this.#runs.get(this.#shownId)?.run;
  }

  get(id: string): Run | undefined {
    return this.#runs.get(id)?.run;
  }

  get shownRunId(): string | undefined {
    return this.#shownId;
  }

  /** True while a run may still grow. */
  isLive(id: string): boolean {
    const opened = this.#runs.get(id);
    return opened !== undefined && (opened.live || !opened.run.ended);
  }

  /** Opens a run and shows it. Opening an id again starts over from the files. */
  open(params: OpenRunParams): OpenRunResult {
    let run: Run;
    try {
      run = Run.open(params.path, params.live);
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
    if (!params.live) {
      // Its first piece shows whether this is a recording at all, so that the answer can say so.
      run.poll();
      const problem = run.processCount === 0 ? whyEmpty(run) : undefined;
      if (problem) {
        run.close();
        return { ok: false, message: problem };
      }
    }
    this.#forget(params.run);
    const opened: Opened = {
      id: params.run,
      run,
      live: params.live,
      hasView: params.hasView === true,
      changed: true,
      hurryUntilMs: params.live ? Date.now() + firstWaitMs : 0,
      timer: undefined,
    };
    this.#runs.set(params.run, opened);
    this.#shownId = params.run;
    for (const other of [...this.#runs.values()]) this.#forgetUnused(other);
    if (params.live && params.limitBytes !== undefined) run.keepBelow(params.limitBytes);
    this.#follow(opened);
    this.#publishSoon(0);
    return { ok: true };
  }

  /** The program ended: reads the rest and says how the run went. `ownOf`: what folds a run into the user's own code. */
  async end(params: EndRunParams, ownOf?: (run: Run) => Fold | undefined): Promise<EndRunResult> {
    const opened = this.#runs.get(params.run);
    if (!opened) {
      const message =
        'The run was cleared before it ended. Its recording is kept: open it from the list of runs.';
      return { severity: 'information', message, hasFigures: false };
    }
    opened.live = false;
    opened.run.programEnded();
    const deadline = Date.now() + endingMs;
    for (;;) {
      const { behind } = opened.run.poll();
      opened.changed = true;
      if (!behind && (opened.run.ended || Date.now() > deadline)) break;
      await new Promise((done) => setTimeout(done, behind ? 0 : 25));
    }
    this.#follow(opened);
    this.#publish();
    const result = describeEnd(opened.run, params.exit, params.stopped, ownOf?.(opened.run));
    this.#forgetUnused(opened);
    return result;
  }

  /** The tab that a run was opened with is gone. */
  closeView(id: string): void {
    const opened = this.#runs.get(id);
    if (!opened) return;
    opened.hasView = false;
    this.#forgetUnused(opened);
  }

  /** Forgets all runs. */
  clear(): void {
    for (const id of [...this.#runs.keys()]) this.#forget(id);
    this.#shownId = undefined;
    this.#events.shown(undefined);
  }

  close(): void {
    clearTimeout(this.#publishTimer);
    for (const id of [...this.#runs.keys()]) this.#forget(id);
  }

  #forget(id: string): void {
    const opened = this.#runs.get(id);
    if (!opened) return;
    clearTimeout(opened.timer);
    opened.run.close();
    this.#runs.delete(id);
    if (this.#shownId === id) this.#shownId = undefined;
  }

  /** Forgets a run that is over, not shown, and without a tab. It is read again when it is opened again. */
  #forgetUnused({ id, hasView }: Opened): void {
    if (id !== this.#shownId && !hasView && !this.isLive(id)) this.#forget(id);
  }

  #follow(opened: Opened): void {
    clearTimeout(opened.timer);
    const step = (): void => {
      let behind = false;
      try {
        const result = opened.run.poll();
        behind = result.behind;
        // A live run changes even without records: its clock goes on.
        if (result.progress || opened.live) {
          opened.changed = true;
          this.#publishSoon(Date.now() < opened.hurryUntilMs ? 0 : publishPeriodMs);
        }
      } catch (error) {
        this.#events.failed(`reading ${opened.run.path}`, error);
      }
      if (!opened.live && opened.run.ended) {
        void opened.run.settleLimit();
        this.#forgetUnused(opened);
        return;
      }
      // Reading a long recording yields to requests between pieces.
      const pause = Date.now() < opened.hurryUntilMs ? firstPeriodMs : tailPeriodMs;
      opened.timer = setTimeout(step, behind ? 0 : pause);
    };
    opened.timer = setTimeout(step, 0);
  }

  #publishSoon(delayMs: number): void {
    if (this.#publishTimer) {
      if (delayMs > 0) return;
      clearTimeout(this.#publishTimer);
    }
    this.#publishTimer = setTimeout(() => {
      this.#publishTimer = undefined;
      const started = performance.now();
      this.#publish();
      const took = performance.now() - started;
      const changed = [...this.#runs.values()].some((opened) => opened.changed || opened.live);
      if (changed) this.#publishSoon(Math.max(publishPeriodMs, took / publishShare));
    }, delayMs);
  }

  #publish(): void {
    for (const opened of this.#runs.values()) {
      if (!opened.changed) continue;
      opened.changed = false;
      try {
        this.#events.status(statusOf(opened.id, opened.run, opened.live));
        if (opened.id === this.#shownId) this.#events.shown(opened.run);
        if (opened.run.profile().samples > 0) opened.hurryUntilMs = 0;
      } catch (error) {
        this.#events.failed(`publishing ${opened.run.path}`, error);
      }
    }
  }
}

function whyEmpty(run: Run): string | undefined {
  if (!run.ended) return undefined;
  const [note] = run.notes();
  return note?.text ?? `${run.path} holds no recording. Profile the program again.`;
}

function statusOf(id: string, run: Run, live: boolean): RunStatus {
  const profile = run.profile();
  const main = profile.processes[0];
  const running = live || !run.ended;
  return {
    run: id,
    state: run.processCount === 0 && running ? 'starting' : running ? 'running' : 'ended',
    program: run.programName(),
    // The first process's clock, not the last record: a program that only waits is still running.
    elapsedS: running && main ? (Date.now() - main.startUnixMs) / 1000 : profile.elapsedNs / 1e9,
    cpuS: profile.cpuNs / 1e9,
    samples: profile.samples,
    dropped: profile.dropped,
    rejected: profile.rejected,
    late: profile.late,
    processes: profile.processes.length,
    memory: profile.memory !== null,
    notes: run.notes(),
  };
}
