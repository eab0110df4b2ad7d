/**
 * Thins samples: in each stretch of time one sample stands for all samples of a thread that were alike. The cost of a
 * place and of a thread stays exact; the order within the stretch is lost.
 */
import type { QueueRecord, SampleRecord, StreamRecord } from '../../recording/records';
import { takeSystem, type SystemPool } from '../feed/sampleCost';

type TimeRecord = SampleRecord | QueueRecord;

/** The sums of records that were alike, and the first of these. */
interface Alike {
  first: TimeRecord;
  cpuNs: number;
  wallNs: number;
  systemNs: number;
  count: number;
}

/** A thread within a stretch. */
interface ThreadStretch {
  alike: Map<string, Alike>;
  /** The key of the last running sample: a remainder is taken to be the same kind of work. */
  lastRan: string | undefined;
  startNs: number;
  endNs: number;
}

/** Thins the samples and the waiting for a core of one recording, stretch by stretch: the caller says when one is over. */
export class TimeMerger {
  readonly #threads = new Map<number, ThreadStretch>();
  readonly #pools = new Map<number, SystemPool>();
  /** By thread: the moment up to which records were written. */
  readonly #until = new Map<number, number>();

  constructor(private readonly put: (record: StreamRecord) => void) {}

  /**
   * The sample with the kernel time that it is charged with, which depends on the samples before it. Has to be called
   * once for every sample, in the order of the recording.
   */
  charged(sample: SampleRecord): SampleRecord {
    let pool = this.#pools.get(sample.thread);
    if (!pool) this.#pools.set(sample.thread, (pool = { uncharged: 0 }));
    return { ...sample, systemNs: takeSystem(pool, sample) };
  }

  /** Kernel time that no sample was charged with yet. */
  get uncharged(): { thread: number; systemNs: number }[] {
    return [...this.#pools]
      .filter(([, pool]) => pool.uncharged !== 0)
      .map(([thread, pool]) => ({ thread, systemNs: Math.round(pool.uncharged) }));
  }

  /** Goes on from a part that was thinned earlier. */
  setUncharged(all: readonly { thread: number; systemNs: number }[]): void {
    for (const { thread, systemNs } of all) this.#pools.set(thread, { uncharged: systemNs });
  }

  /** Takes the next record of the stretch; samples as charged() returns them. */
  add(record: TimeRecord): void {
    // A remainder without a stack is the kind of work that ran before it, so that sample comes first.
    const isRest = record.kind === 'sample' && record.remainder && record.stack === 0;
    if (isRest) this.#flushThread(record.thread);
    const thread = this.#thread(record);
    const key = keyOf(record);
    let alike = thread.alike.get(key);
    if (!alike) {
      alike = { first: record, cpuNs: 0, wallNs: 0, systemNs: 0, count: 0 };
      thread.alike.set(key, alike);
    }
    if (record.kind === 'sample') {
      alike.cpuNs += record.cpuNs;
      alike.wallNs += Math.max(record.wallNs, record.cpuNs);
      alike.systemNs += record.systemNs;
      alike.count += record.count ?? 1;
      if (record.state === 'running') thread.lastRan = key;
    } else {
      alike.wallNs += record.wallNs;
    }
    thread.startNs = Math.min(thread.startNs, record.timeNs - record.wallNs);
    thread.endNs = Math.max(thread.endNs, record.timeNs);
    if (isRest) this.#flushThread(record.thread);
  }

  /** The stretch is over: writes its sums. */
  flush(): void {
    for (const thread of [...this.#threads.keys()]) this.#flushThread(thread);
  }

  #thread({ thread }: TimeRecord): ThreadStretch {
    let stretch = this.#threads.get(thread);
    if (!stretch) {
      stretch = { alike: new Map(), lastRan: undefined, startNs: Infinity, endNs: 0 };
      this.#threads.set(thread, stretch);
    }
    return stretch;
  }

  /** Records of a thread are laid end to end, and the last one ends where the last sample of the stretch did. */
  #flushThread(thread: number): void {
    const stretch = this.#threads.get(thread);
    if (!stretch) return;
    this.#threads.delete(thread);
    const { alike, lastRan, endNs } = stretch;
    if (lastRan !== undefined) {
      const ran = alike.get(lastRan)!;
      alike.delete(lastRan);
      alike.set(lastRan, ran);
    }
    let at = Math.max(stretch.startNs, this.#until.get(thread) ?? 0);
    const last = [...alike.values()].at(-1);
    for (const one of alike.values()) {
      at = Math.min(at + one.wallNs, endNs);
      const timeNs = Math.max(0, one === last ? endNs : at);
      this.put(merged(one, timeNs));
    }
    this.#until.set(thread, endNs);
  }
}

function merged({ first, cpuNs, wallNs, systemNs, count }: Alike, timeNs: number): StreamRecord {
  if (first.kind === 'queue') return { ...first, timeNs, wallNs };
  const sample: SampleRecord = { ...first, timeNs, cpuNs, wallNs, systemNs };
  if (count > 1) sample.count = count;
  return sample;
}

/** A key that is equal for records whose costs are counted alike and drawn alike. */
function keyOf(record: TimeRecord): string {
  const place = `${record.stack} ${record.native} ${record.opcode}`;
  if (record.kind === 'queue') return `queue ${place}`;
  const flags = [
    record.inSyscall,
    record.truncated,
    record.nativeIncomplete,
    record.noPython,
    record.remainder,
    record.settled,
    record.systemNs * 2 > record.cpuNs,
  ].map(Number);
  return `${record.state} ${flags.join('')} ${place}`;
}
