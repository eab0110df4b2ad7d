import type { FlameParams } from '../../protocol/lsp';
import type { ToPanel } from '../../protocol/panel';
import type { Server } from '../client';
import { describe, getLog } from '../messages';
import type { ShownRun } from '../run/runs';

/** How long to wait when the server has nothing new for a live run. */
const idleMs = 400;
/** A panel that does not acknowledge a chunk within this time is given up, and sent everything again once it is ready. */
const ackMs = 30_000;
/** The memory of a live run is sent whole, and no more often than this. */
const memoryMs = 1500;

/** How the rows of a run are wanted. */
export type Look = Required<Pick<FlameParams, 'native' | 'onlyMyCode'>>;

/** What a feed needs of the panel that it fills. */
export interface FeedTarget {
  isVisible: () => boolean;
  isLive: () => boolean;
  post: (message: ToPanel) => void;
}

/** Sends the tables of a run to a panel piece by piece, at the pace the panel takes them. */
export class ChartFeed {
  readonly #server: Server;
  readonly #target: FeedTarget;
  /** Counts starts and stops: a round that is not the current one sends nothing more. */
  #round = 0;
  #sequence = 0;
  #acknowledged: ((sequence: number) => void) | undefined;
  #wake: (() => void) | undefined;
  #sent = { chunks: 0, bytes: 0, done: false };

  constructor(server: Server, target: FeedTarget) {
    this.#server = server;
    this.#target = target;
  }

  /** Chunks and bytes that the panel has acknowledged since the last stop. */
  get sent(): Readonly<{ chunks: number; bytes: number; done: boolean }> {
    return this.#sent;
  }

  /** Sends a run from its beginning. */
  start(run: ShownRun, look: Look): void {
    const round = this.#round;
    void this.#send(run.run, look, round).catch((error: unknown) => {
      if (round !== this.#round) return;
      getLog().error(`Flame chart of ${run.title}: ${describe(error)}`);
      this.#target.post({
        type: 'message',
        text: `The flame chart of ${run.title} could not be read: ${describe(error)}. Close this tab and open the run again.`,
      });
    });
  }

  /** Sends nothing more of what was started. */
  stop(): void {
    this.#round++;
    this.#wake?.();
    this.#sent = { chunks: 0, bytes: 0, done: false };
  }

  /** Looks again now whether there is something to send. */
  wake(): void {
    this.#wake?.();
  }

  /** The panel has taken a chunk. */
  acknowledge(sequence: number): void {
    this.#acknowledged?.(sequence);
  }

  async #send(run: string, look: Look, round: number): Promise<void> {
    let cursor = 0;
    let revision = 0;
    let memorySent = 0;
    let sampling = '';
    while (round === this.#round) {
      // A hidden panel keeps what it has; nothing is prepared for it until it is visible.
      if (!this.#target.isVisible()) {
        await this.#pause();
        continue;
      }
      const isMemoryDue = Date.now() - memorySent >= memoryMs || !this.#target.isLive();
      const memory = isMemoryDue ? { memory: revision } : {};
      const result = await this.#server.flame({ run, cursor, ...look, ...memory });
      if (round !== this.#round) return;
      cursor = result.cursor;
      if (result.chunk !== '') await this.#sendChunk(result.chunk, round);
      if (round !== this.#round) return;
      if (result.memory) {
        memorySent = Date.now();
        revision = result.memory.revision;
        this.#target.post({ type: 'memory', data: bytesOf(result.memory.data) });
      }
      if (result.sampling !== sampling) {
        sampling = result.sampling;
        this.#target.post({ type: 'sampling', text: sampling });
      }
      if (result.done && !isMemoryDue) {
        await this.#pause(memoryMs);
        continue;
      }
      if (result.done && !result.more) {
        this.#sent.done = true;
        this.#target.post({ type: 'done' });
        return;
      }
      if (!result.more) await this.#pause(idleMs);
    }
  }

  async #sendChunk(base64: string, round: number): Promise<void> {
    const data = bytesOf(base64);
    const sequence = ++this.#sequence;
    const isTaken = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), ackMs);
      this.#acknowledged = (acknowledged) => {
        if (acknowledged !== sequence) return;
        clearTimeout(timer);
        resolve(true);
      };
    });
    this.#target.post({ type: 'chunk', sequence, data });
    if (!(await isTaken) && round === this.#round) {
      throw new Error('the panel does not answer');
    }
    this.#sent.chunks++;
    this.#sent.bytes += data.byteLength;
  }

  /** Waits until somebody calls wake, at most `ms` when given. */
  #pause(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** A Node Buffer would arrive as JSON; only an ArrayBuffer of exactly these bytes is transferred as bytes. */
function bytesOf(base64: string): ArrayBuffer {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}
