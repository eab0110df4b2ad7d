/**
 * The processes of a run, made of its recordings. A process that calls exec leaves one recording for each program
 * that it runs. One that was forked only to run another program, as subprocess does, counts as a part of its parent.
 */
import { isPassing, previousProgram } from './exec';
import { joinGpus } from './gpuFeed';
import { addOffLine } from './offLine';
import { packPoints, unpackPoints } from '../memory/packedPoints';
import type { ProcessFeed } from './processFeed';
import type { GpuTotal, ProcessInfo, ThreadInfo } from '../types';
import type { MemoryTotal, ProcessMemory } from '../memory/types';

/** One process: its recordings in order, and those of processes that were forked from it only to run another program. */
export interface Process {
  feeds: ProcessFeed[];
  passing: ProcessFeed[];
}

/** Shared by all processes without such children, since a run may have very many processes. */
const none: ProcessFeed[] = [];

/** The processes in the order of a tree: children follow their parent, in the order in which they started. */
export function findProcesses(feeds: readonly ProcessFeed[]): Process[] {
  const byLast = new Map<ProcessFeed, Process>();
  const children = new Map<Process | undefined, Process[]>();
  const found: Process[] = [];
  /** By pid: the processes that may have children, in the order in which they started. */
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
  /** Processes that count as a part of their parent, with that parent. Their children are the parent's. */
  const passedTo = new Map<Process, Process>();
  for (const process of found) {
    const [first] = process.feeds as [ProcessFeed];
    // A pid can be used again: the parent is the last process with it that had started by then.
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

/** What is known of a process, from all of its recordings. */
export function processInfo({ feeds, passing }: Process): ProcessInfo {
  const images = feeds.map((feed) => feed.info());
  if (images.length === 1 && passing.length === 0) return images[0]!;
  const all = [...images, ...passing.map((feed) => feed.info())];
  const last = images.at(-1)!;
  const named = images.findLast(({ command }) => command.length > 0) ?? last;
  const sum = (figure: (info: ProcessInfo) => number): number =>
    all.reduce((total, info) => total + figure(info), 0);
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
    memory: memories.length > 0 ? joinMemories(memories) : null,
    samples: sum(({ samples }) => samples),
    dropped: sum(({ dropped }) => dropped),
    rejected: sum(({ rejected }) => rejected),
    late: sum(({ late }) => late),
    offLine: addOffLine(all.map(({ offLine }) => offLine)),
    notes: all.flatMap(({ notes }) => notes),
  };
}

/** The last of several moments from which on nothing is thinned, with the longest stretch. */
export function latestDetail(
  all: readonly NonNullable<ProcessInfo['detailFrom']>[],
): NonNullable<ProcessInfo['detailFrom']> {
  return {
    ns: Math.max(...all.map(({ ns }) => ns)),
    stretchNs: Math.max(...all.map(({ stretchNs }) => stretchNs)),
  };
}

/** The signals that ended children, as recorded by their parents; by the pids of both, the earliest first. */
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

  /** The signal that ended a lost process; undefined if its parent did not record it. */
  of({ feeds }: Process): ProcessInfo['endedBy'] {
    if (feeds.at(-1)!.state !== 'lost') return undefined;
    const [{ pid, ppid, startNs }] = feeds as [ProcessFeed];
    // A pid can be used again: the first end of that pid after the start is this process's.
    const end = this.#ends.get(`${ppid} ${pid}`)?.find(({ atNs }) => atNs >= startNs);
    return end && { signal: end.signal, byParent: end.byParent };
  }
}

/** The memory of a process that ran one program after the other; each program starts with none. */
function joinMemories(images: { memory: ProcessMemory; sinceStart: number }[]): ProcessMemory {
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

/** The sum of several memories. */
export function totalMemory(memories: readonly MemoryTotal[]): MemoryTotal {
  const sum = (pick: (memory: MemoryTotal) => number): number =>
    memories.reduce((total, memory) => total + pick(memory), 0);
  return {
    allocatedBytes: sum(({ allocatedBytes }) => allocatedBytes),
    allocations: sum(({ allocations }) => allocations),
    growthBytes: sum(({ growthBytes }) => growthBytes),
    peakLiveBytes: sum(({ peakLiveBytes }) => peakLiveBytes),
    copiedBytes: sum(({ copiedBytes }) => copiedBytes),
    reservedBytes: sum(({ reservedBytes }) => reservedBytes),
  };
}

/** The GPUs of a run; undefined if none was used. */
export function totalGpu(processes: readonly ProcessInfo[]): GpuTotal | undefined {
  const gpus = processes.flatMap(({ gpu }) => (gpu ? [{ gpu, sinceStart: 0 }] : []));
  if (gpus.length === 0) return undefined;
  const { busyNs, peakBytes, costNs, devices } = joinGpus(gpus, 'all');
  return { busyNs, peakBytes, costNs, devices };
}

/** The threads of a process. The one that calls exec goes on in the new program. */
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
