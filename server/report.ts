/** The JSON report, `linescope.report/1`; REPORT.md documents every field and report.schema.json checks it. */
import type {
  Cost,
  FileCost,
  FunctionCost,
  LineCost,
  MemoryCost,
  ProcessInfo,
  Profile,
} from '../profile/types';
import type { Note } from './recordingFile';
import { samplingRate } from './sampling';

export const reportSchema = 'linescope.report/1';

/** Seconds, with the nanoseconds kept. */
function seconds(ns: number): number {
  return Math.round(ns) / 1e9;
}

function cost(of: Cost): Record<string, number> {
  return {
    python_s: seconds(of.python),
    runtime_s: seconds(of.runtime),
    native_s: seconds(of.native),
    system_s: seconds(of.system),
    wait_s: seconds(of.wait),
    gil_s: seconds(of.gil),
    samples: of.samples,
  };
}

function memory(of: MemoryCost | null): Record<string, unknown> | null {
  return (
    of && {
      allocated_bytes: of.allocatedBytes,
      allocations: of.allocations,
      peak_bytes: of.peakBytes,
      growth_bytes: of.growthBytes,
      leak: of.leak && {
        likelihood: of.leak.likelihood,
        bytes_per_second: of.leak.bytesPerSecond,
      },
      copied_bytes: of.copiedBytes,
      python_fraction: of.pythonFraction,
    }
  );
}

function line(of: LineCost): Record<string, unknown> {
  return {
    line: of.line,
    function: of.function,
    self: cost(of.self),
    total: cost(of.total),
    memory: memory(of.memory),
    native: of.natives.map(({ symbol, module, self }) => ({
      symbol,
      module,
      self_s: seconds(self),
    })),
  };
}

function functionCost(of: FunctionCost): Record<string, unknown> {
  return {
    name: of.name,
    qualname: of.qualname,
    line: of.line,
    self: cost(of.self),
    total: cost(of.total),
    memory: memory(of.memory),
  };
}

function file(of: FileCost): Record<string, unknown> {
  return {
    path: of.path,
    lines: of.lines.map(line),
    functions: of.functions.map(functionCost),
  };
}

function processInfo(of: ProcessInfo): Record<string, unknown> {
  return {
    pid: of.pid,
    ppid: of.ppid,
    command: of.command,
    elapsed_s: seconds(of.elapsedNs),
    cpu_s: seconds(of.cpuNs),
    agent_cpu_s: seconds(of.agentCpuNs),
    peak_bytes: of.peakBytes,
    exit: of.exit,
    state: of.state,
    python: shortVersion(of.pythonVersion),
    executable: of.executable,
    cwd: of.cwd,
    started_unix_s: of.startUnixMs / 1000,
    samples: of.samples,
    dropped: of.dropped,
    rejected: of.rejected,
    late: of.late,
  };
}

/** What no line got: cost seen outside Python code, and the remainders of threads that ended. */
function unattributed(profile: Profile): Cost {
  const rest = { ...profile.total };
  for (const { lines } of profile.files.values()) {
    for (const { self } of lines) {
      for (const key of Object.keys(rest) as (keyof Cost)[]) rest[key] -= self[key];
    }
  }
  return rest;
}

/** Builds the report of a profile: plain JSON data, files and lines in a stable order. */
export function buildReport(profile: Profile, notes: readonly Note[]): Record<string, unknown> {
  const main = profile.processes[0];
  const files = [...profile.files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    schema: reportSchema,
    command: main?.command ?? [],
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
    total: cost(profile.total),
    unattributed: cost(unattributed(profile)),
    notes: notes.map(({ severity, text }) => ({ severity, text })),
    processes: profile.processes.map(processInfo),
    threads: profile.threads.map((thread) => ({
      pid: thread.pid,
      tid: thread.tid,
      name: thread.name,
      cpu_s: seconds(thread.cpuNs),
      wall_s: seconds(thread.wallNs),
    })),
    files: files.map(file),
  };
}

/** `3.11.7 (main, May  9 2026) [GCC]` → `3.11.7`. */
export function shortVersion(text: string): string {
  return text.split(' ')[0] ?? '';
}
