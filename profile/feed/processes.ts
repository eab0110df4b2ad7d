/**
 * The processes of a run, made of its recordings. A process that calls exec leaves one recording per program it runs;
 * one that was forked only to start another program (subprocess does that) is its parent's doing.
 */
import { isPassing, previousProgram } from './exec';
import { joinGpus } from './gpuFeed';
import { addOffLine } from './offLine';
import { packPoints, unpackPoints } from '../memory/packedPoints';
import type { ProcessFeed } from './processFeed';
import type { GpuTotal, ProcessInfo, ThreadInfo } from '../types';
import type { MemoryTotal, ProcessMemory } from '../memory/types';

/** One process: its recordings in order, and the processes that only existed to become something else. */
export interface Process {
  feeds: ProcessFeed[];
  passing: ProcessFeed[];
}

/** Most processes have none that only existed to become something else: an array of its own for each would be room for nothing. */
const none: ProcessFeed[] = [];

/** The processes as a tree, flattened: children follow their parent, in the order they started. */
export function findProcesses(feeds: readonly ProcessFeed[]): Process[] {
  const byLast = new Map<ProcessFeed, Process>();
  const children = new Map<Process | undefined, Process[]>();
  const found: Process[] = [];
  /** Those that may have children, in the order they started. */
  const byPid = new Map<number, Process[]>();
  const parents = new Set(feeds.map(({ ppid }) => ppid));
  for (const feed of [...feeds].sort((a, b) => a.startNs - b.startNs)) {
    const previous = previousProgram(feed);
    const before = previous && byLast.get(previous);
    const process = before ?? { feeds: [feed], passing: none };
    byLast.set(feed, process);
    if (before) {
      before.feeds.push(feed);
      continue;
    }
    found.push(process);
    if (parents.has(feed.pid)) addTo(byPid, feed.pid, process);
  }
  /** Those that are their parents' doing, and whose. What such a process started is that parent's child. */
  const passedTo = new Map<Process, Process>();
  for (const process of found) {
    const [first] = process.feeds as [ProcessFeed];
    // A number can be used again, so the parent is the last process of that number that had started by then.
    const started = byPid
      .get(first.ppid)
      ?.findLast(({ feeds: [other] }) => other !== first && other!.startNs <= first.startNs);
    const parent = started && (passedTo.get(started) ?? started);
    if (parent && process.feeds.every(isPassing)) {
      if (parent.passing === none) parent.passing = [];
      for (const feed of [...process.feeds, ...process.passing]) parent.passing.push(feed);
      passedTo.set(process, parent);
    } else {
      addTo(children, parent, process);
    }
  }
  const flat: Process[] = [];
  const open = [...(children.get(undefined) ?? [])].reverse();
  for (let process = open.pop(); process; process = open.pop()) {
    flat.push(process);
    for (const child of [...(children.get(process) ?? [])].reverse()) open.push(child);
  }
  return flat;
}

function addTo<K>(lists: Map<K, Process[]>, key: K, process: Process): void {
  const list = lists.get(key);
  if (list) list.push(process);
  else lists.set(key, [process]);
}

/** What is known of a process now. */
export function processInfo({ feeds, passing }: Process): ProcessInfo {
  const images = feeds.map((feed) => feed.info());
  if (images.length === 1 && passing.length === 0) return images[0]!;
  const all = [...images, ...passing.map((feed) => feed.info())];
  const last = images.at(-1)!;
  const named = images.findLast(({ command }) => command.length > 0) ?? last;
  const sum = (of: (info: ProcessInfo) => number): number =>
    all.reduce((total, info) => total + of(info), 0);
  const peaks = images.flatMap(({ peakBytes }) => (peakBytes === null ? [] : [peakBytes]));
  const startNs = feeds[0]!.startNs;
  const memories = feeds.flatMap((feed, index) => {
    const { memory } = images[index]!;
    return memory ? [{ memory, sinceStart: feed.startNs - startNs }] : [];
  });
  const details = feeds.flatMap((feed, index) => {
    const { detailFrom } = images[index]!;
    return detailFrom ? [{ ...detailFrom, ns: detailFrom.ns + feed.startNs - startNs }] : [];
  });
  const gpus = feeds.flatMap((feed, index) => {
    const { gpu } = images[index]!;
    return gpu ? [{ gpu, sinceStart: feed.startNs - startNs }] : [];
  });
  return {
    ...last,
    ...(gpus.length > 0 && { gpu: joinGpus(gpus, 'one') }),
    ...(details.length > 0 && { detailFrom: latestDetail(details) }),
    command: named.command,
    cwd: named.cwd,
    executable: named.executable,
    pythonVersion: named.pythonVersion,
    engine: named.engine,
    startUnixMs: images[0]!.startUnixMs,
    elapsedNs: feeds.at(-1)!.startNs - startNs + last.elapsedNs,
    cpuNs: sum(({ cpuNs }) => cpuNs),
    agentCpuNs: sum(({ agentCpuNs }) => agentCpuNs),
    peakBytes: peaks.length > 0 ? Math.max(...peaks) : null,
    memory: memories.length > 0 ? joined(memories) : null,
    samples: sum(({ samples }) => samples),
    dropped: sum(({ dropped }) => dropped),
    rejected: sum(({ rejected }) => rejected),
    late: sum(({ late }) => late),
    offLine: addOffLine(all.map(({ offLine }) => offLine)),
    notes: all.flatMap(({ notes }) => notes),
  };
}

/** Of several moments from which on detail is there, the last. */
export function latestDetail(
  all: readonly NonNullable<ProcessInfo['detailFrom']>[],
): NonNullable<ProcessInfo['detailFrom']> {
  return {
    ns: Math.max(...all.map(({ ns }) => ns)),
    stretchNs: Math.max(...all.map(({ stretchNs }) => stretchNs)),
  };
}

/** Which signals ended children, as their parents have heard: by the numbers of both, the earliest first. */
export class ChildEnds {
  readonly #ends = new Map<string, { atNs: number; signal: number; byParent: boolean }[]>();

  constructor(feeds: readonly ProcessFeed[]) {
    for (const { pid: parent, startNs, childEnds } of feeds) {
      for (const { pid, timeNs, signal, byParent } of childEnds) {
        const known = this.#ends.get(`${parent} ${pid}`);
        const end = { atNs: startNs + timeNs, signal, byParent };
        if (known) known.push(end);
        else this.#ends.set(`${parent} ${pid}`, [end]);
      }
    }
    for (const ends of this.#ends.values()) ends.sort((a, b) => a.atNs - b.atNs);
  }

  /** Which signal ended a process that did not end by itself. */
  of({ feeds }: Process): ProcessInfo['endedBy'] {
    if (feeds.at(-1)!.state !== 'lost') return undefined;
    const [{ pid, ppid, startNs }] = feeds as [ProcessFeed];
    // A number can be used again: the first end of that number after the start is this process's.
    const end = this.#ends.get(`${ppid} ${pid}`)?.find(({ atNs }) => atNs >= startNs);
    return end && { signal: end.signal, byParent: end.byParent };
  }
}

/** The memory of a process that ran one program after the other; each starts with none. */
function joined(images: { memory: ProcessMemory; sinceStart: number }[]): ProcessMemory {
  const highest = images.reduce((a, b) =>
    b.memory.peakLiveBytes > a.memory.peakLiveBytes ? b : a,
  );
  return {
    ...totalMemory(images.map(({ memory }) => memory)),
    growthBytes: images.at(-1)!.memory.growthBytes,
    reservedBytes: images.at(-1)!.memory.reservedBytes,
    peakLiveBytes: highest.memory.peakLiveBytes,
    peakLiveNs: highest.memory.peakLiveNs + highest.sinceStart,
    footprint: packPoints(
      images.flatMap(({ memory, sinceStart }) =>
        unpackPoints(memory.footprint).map((point) => ({ ...point, ns: point.ns + sinceStart })),
      ),
    ),
  };
}

/** Several memories added up. */
export function totalMemory(of: readonly MemoryTotal[]): MemoryTotal {
  const sum = (pick: (one: MemoryTotal) => number): number =>
    of.reduce((total, one) => total + pick(one), 0);
  return {
    allocatedBytes: sum(({ allocatedBytes }) => allocatedBytes),
    allocations: sum(({ allocations }) => allocations),
    growthBytes: sum(({ growthBytes }) => growthBytes),
    peakLiveBytes: sum(({ peakLiveBytes }) => peakLiveBytes),
    copiedBytes: sum(({ copiedBytes }) => copiedBytes),
    reservedBytes: sum(({ reservedBytes }) => reservedBytes),
  };
}

/** The GPUs of a run; undefined where none was used. */
export function totalGpu(processes: readonly ProcessInfo[]): GpuTotal | undefined {
  const gpus = processes.flatMap(({ gpu }) => (gpu ? [{ gpu, sinceStart: 0 }] : []));
  if (gpus.length === 0) return undefined;
  const { busyNs, peakBytes, costNs, devices } = joinGpus(gpus, 'all');
  return { busyNs, peakBytes, costNs, devices };
}

/** The threads of a process; the one that calls exec goes on in the new program. */
export function threadInfos({ feeds }: Process): ThreadInfo[] {
  const threads = new Map<number, ThreadInfo>();
  for (const feed of feeds) {
    for (const thread of feed.threads.values()) {
      const { track, tid, name } = thread;
      const known = threads.get(track);
      threads.set(track, {
        id: track,
        pid: feed.pid,
        tid,
        name,
        cpuNs: Math.max(thread.cpuNs, thread.clockNs) + (known?.cpuNs ?? 0),
        wallNs: thread.wallNs + (known?.wallNs ?? 0),
        waitNs: thread.waitNs + (known?.waitNs ?? 0),
        gilNs: thread.gilNs + (known?.gilNs ?? 0),
        queueNs: thread.queueNs + (known?.queueNs ?? 0),
      });
    }
  }
  return [...threads.values()];
}
