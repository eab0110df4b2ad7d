/** The JSON report, `lineheat.report/1`; REPORT.md documents every field and report.schema.json checks it. */
import { unpackPoints } from '../../profile/memory/packedPoints';
import type {
  Cost,
  FileCost,
  FunctionCost,
  LineCost,
  ProcessInfo,
  Profile,
} from '../../profile/types';
import type { MemoryCost, MemoryTotal, ProcessMemory } from '../../profile/memory/types';
import { gpuCost, gpuOfProcess, gpuTotal } from './gpuReport';
import type { Note } from '../reading/recordingFile';
import { samplingRate } from './sampling';
import { seconds } from './seconds';
import { maskSecrets } from '../reading/secrets';

export const reportSchema = 'lineheat.report/1';

function cost(of: Cost, isQueueKnown: boolean): Record<string, number | null> {
  return {
    python_s: seconds(of.python),
    runtime_s: seconds(of.runtime),
    native_s: seconds(of.native),
    system_s: seconds(of.system),
    wait_s: seconds(of.wait),
    gil_s: seconds(of.gil),
    queue_s: isQueueKnown ? seconds(of.queue) : null,
    helper_s: seconds(of.helper),
    helper_unsure_s: seconds(of.unsure),
    helper_after_s: seconds(of.after),
    samples: of.samples,
  };
}

function memory(of: MemoryCost | null): Record<string, unknown> | null {
  return (
    of && {
      allocated_bytes: Math.round(of.allocatedBytes),
      allocated_error_bytes: Math.round(of.allocatedError),
      allocations: Math.round(of.allocations),
      peak_bytes: Math.round(of.peakBytes),
      growth_bytes: Math.round(of.growthBytes),
      growth_error_bytes: Math.round(of.growthError),
      leak: of.leak && {
        likelihood: of.leak.likelihood,
        bytes_per_second: Math.round(of.leak.bytesPerSecond),
      },
      copied_bytes: Math.round(of.copiedBytes),
      reserved_bytes: Math.max(0, Math.round(of.reservedBytes)),
      python_fraction: of.pythonFraction,
      records: of.records,
    }
  );
}

function memoryTotal(of: MemoryTotal): Record<string, unknown> {
  return {
    allocated_bytes: Math.round(of.allocatedBytes),
    allocations: Math.round(of.allocations),
    peak_live_bytes: Math.round(of.peakLiveBytes),
    growth_bytes: Math.round(of.growthBytes),
    copied_bytes: Math.round(of.copiedBytes),
    reserved_bytes: Math.max(0, Math.round(of.reservedBytes)),
  };
}

function processMemory(of: ProcessMemory | null): Record<string, unknown> | null {
  return (
    of && {
      ...memoryTotal(of),
      peak_live_at_s: seconds(of.peakLiveNs),
      footprint: unpackPoints(of.footprint).map(({ ns, residentBytes, liveBytes }) => ({
        at_s: seconds(ns),
        resident_bytes: residentBytes,
        live_bytes: Math.round(liveBytes),
      })),
    }
  );
}

function line(of: LineCost, isQueueKnown: boolean): Record<string, unknown> {
  return {
    line: of.line,
    function: of.function,
    self: cost(of.self, isQueueKnown),
    total: cost(of.total, isQueueKnown),
    helper_threads: of.helperThreads,
    memory: memory(of.memory),
    ...gpuCost(of.gpu),
    native: of.natives.map(({ symbol, module, self }) => ({
      symbol,
      module,
      self_s: seconds(self),
    })),
  };
}

function functionCost(of: FunctionCost, isQueueKnown: boolean): Record<string, unknown> {
  return {
    name: of.name,
    qualname: of.qualname,
    line: of.line,
    self: cost(of.self, isQueueKnown),
    total: cost(of.total, isQueueKnown),
    helper_threads: of.helperThreads,
    memory: memory(of.memory),
    ...gpuCost(of.gpu),
  };
}

function file(of: FileCost, isQueueKnown: boolean): Record<string, unknown> {
  return {
    path: of.path,
    lines: of.lines.map((one) => line(one, isQueueKnown)),
    functions: of.functions.map((one) => functionCost(one, isQueueKnown)),
  };
}

function processInfo(of: ProcessInfo): Record<string, unknown> {
  return {
    pid: of.pid,
    ppid: of.ppid,
    command: maskSecrets(of.command),
    elapsed_s: seconds(of.elapsedNs),
    cpu_s: seconds(of.cpuNs),
    agent_cpu_s: seconds(of.agentCpuNs),
    peak_bytes: of.peakBytes,
    exit: of.exit,
    state: of.state,
    signal: of.endedBy?.signal ?? null,
    python: shortVersion(of.pythonVersion),
    executable: of.executable,
    cwd: of.cwd,
    started_unix_s: of.startUnixMs / 1000,
    samples: of.samples,
    dropped: of.dropped,
    rejected: of.rejected,
    late: of.late,
    memory: processMemory(of.memory),
    ...gpuOfProcess(of.gpu),
  };
}

/** The cost on no line: seen outside Python code, or the remainders of threads that ended. */
function unattributed(profile: Profile): Cost {
  const remaining = { ...profile.total };
  for (const { lines } of profile.files.values()) {
    for (const { self } of lines) {
      for (const key of Object.keys(remaining) as (keyof Cost)[]) remaining[key] -= self[key];
    }
  }
  return remaining;
}

function offLines({ offLine }: Profile): Record<string, unknown> {
  return {
    interpreter_s: seconds(offLine.interpreter),
    unseen_s: seconds(offLine.unseen),
    libraries: offLine.libraries.map(({ module, ns }) => ({ module, cpu_s: seconds(ns) })),
  };
}

/** Builds the report of a profile: plain JSON data, files and lines in a stable order. */
export function buildReport(profile: Profile, notes: readonly Note[]): Record<string, unknown> {
  const main = profile.processes[0];
  const { isQueueKnown } = profile;
  const files = [...profile.files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    schema: reportSchema,
    command: maskSecrets(main?.command ?? []),
    engine: main?.engine ?? '',
    python: shortVersion(main?.pythonVersion ?? ''),
    elapsed_s: seconds(profile.elapsedNs),
    cpu_s: seconds(profile.cpuNs),
    interval_us: (main?.intervalNs ?? 0) / 1000,
    samples: profile.samples,
    dropped: profile.dropped,
    rejected: profile.rejected,
    late: profile.late,
    rate_hz: samplingRate(profile),
    agent_cpu_s: seconds(profile.processes.reduce((sum, { agentCpuNs }) => sum + agentCpuNs, 0)),
    total: cost(profile.total, isQueueKnown),
    unattributed: cost(unattributed(profile), isQueueKnown),
    off_lines: offLines(profile),
    memory: profile.memory && memoryTotal(profile.memory),
    ...gpuTotal(profile.gpu),
    notes: notes.map(({ severity, text }) => ({ severity, text })),
    processes: profile.processes.map(processInfo),
    threads: profile.threads.map((thread) => ({
      pid: thread.pid,
      tid: thread.tid,
      name: thread.name,
      cpu_s: seconds(thread.cpuNs),
      wall_s: seconds(thread.wallNs),
      wait_s: seconds(thread.waitNs),
      gil_s: seconds(thread.gilNs),
      queue_s: isQueueKnown ? seconds(thread.queueNs) : null,
    })),
    files: files.map((one) => file(one, isQueueKnown)),
  };
}

/** `3.11.7 (main, May  9 2026) [GCC]` → `3.11.7`. */
export function shortVersion(text: string): string {
  return text.split(' ')[0] ?? '';
}
