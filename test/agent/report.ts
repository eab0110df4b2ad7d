/** The JSON report as the tests read it; server/REPORT.md says what the fields mean. */

export interface ReportCost {
  python_s: number;
  runtime_s: number;
  native_s: number;
  system_s: number;
  wait_s: number;
  gil_s: number;
  /** null where the kernel does not tell. */
  queue_s: number | null;
  helper_s: number;
  helper_unsure_s: number;
  helper_after_s: number;
  samples: number;
}
export interface MemoryReport {
  allocated_bytes: number;
  allocated_error_bytes: number;
  allocations: number;
  peak_bytes: number;
  growth_bytes: number;
  growth_error_bytes: number;
  leak: { likelihood: number; bytes_per_second: number } | null;
  copied_bytes: number;
  reserved_bytes: number;
  python_fraction: number;
  records: number;
}
export interface MemoryTotal {
  allocated_bytes: number;
  allocations: number;
  peak_live_bytes: number;
  growth_bytes: number;
  copied_bytes: number;
  reserved_bytes: number;
}
export interface ReportLine {
  line: number;
  function: string;
  self: ReportCost;
  total: ReportCost;
  helper_threads: number;
  memory: MemoryReport | null;
  gpu?: { self_s: number; total_s: number };
  native: { symbol: string; module: string; self_s: number }[];
}
export interface ReportGpu {
  busy_s: number | null;
  peak_bytes: number | null;
  agent_cpu_s: number;
  devices: { index: number; name: string; memory_bytes: number | null }[];
}
export interface ReportProcess {
  pid: number;
  ppid: number;
  command: string[];
  elapsed_s: number;
  cpu_s: number;
  agent_cpu_s: number;
  peak_bytes: number | null;
  memory:
    | (MemoryTotal & {
        footprint: { at_s: number; resident_bytes: number | null; live_bytes: number }[];
      })
    | null;
  exit: number | null;
  state: string;
  signal: number | null;
  samples: number;
  gpu?: ReportGpu;
}
export interface Report {
  command: string[];
  elapsed_s: number;
  cpu_s: number;
  agent_cpu_s: number;
  samples: number;
  dropped: number;
  rejected: number;
  total: ReportCost;
  off_lines: {
    interpreter_s: number;
    unseen_s: number;
    libraries: { module: string; cpu_s: number }[];
  };
  memory: MemoryTotal | null;
  gpu?: ReportGpu;
  notes: { severity: string; text: string }[];
  processes: ReportProcess[];
  threads: {
    pid: number;
    tid: number;
    name: string;
    cpu_s: number;
    wall_s: number;
    wait_s: number;
    gil_s: number;
    queue_s: number | null;
  }[];
  files: { path: string; lines: ReportLine[] }[];
}

const nothing: ReportCost = {
  python_s: 0,
  runtime_s: 0,
  native_s: 0,
  system_s: 0,
  wait_s: 0,
  gil_s: 0,
  queue_s: 0,
  helper_s: 0,
  helper_unsure_s: 0,
  helper_after_s: 0,
  samples: 0,
};

/** CPU seconds of a cost, those of helper threads too. */
export function cpu(cost: ReportCost): number {
  return cost.python_s + cost.native_s + cost.system_s + cost.helper_s;
}

/** One line of a file; a line that cost nothing is all zeros. */
export function lineOf(report: Report, path: string, line: number): ReportLine {
  const lines = report.files.find((file) => file.path === path)?.lines ?? [];
  return (
    lines.find((candidate) => candidate.line === line) ?? {
      line,
      function: '',
      self: nothing,
      total: nothing,
      helper_threads: 0,
      memory: null,
      native: [],
    }
  );
}

/** What the lines of one file cost themselves, added up. */
export function fileCost(report: Report, path: string): ReportCost {
  const sum = { ...nothing };
  for (const { self } of report.files.find((file) => file.path === path)?.lines ?? []) {
    for (const key of Object.keys(sum) as (keyof ReportCost)[]) {
      sum[key] = (sum[key] ?? 0) + (self[key] ?? 0);
    }
  }
  return sum;
}

/** A percentage for a failure message or a printed line. */
export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}
