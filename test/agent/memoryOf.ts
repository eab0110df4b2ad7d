/** Memory in a report, as the tests read it; server/REPORT.md says what the fields mean. */
import { expect } from 'vitest';
import type { Report } from './report';

export interface LineMemory {
  allocated_bytes: number;
  allocated_error_bytes: number;
  allocations: number;
  peak_bytes: number;
  growth_bytes: number;
  growth_error_bytes: number;
  reserved_bytes: number;
  python_fraction: number;
  records: number;
}
export interface ProcessMemory {
  allocated_bytes: number;
  growth_bytes: number;
  reserved_bytes: number;
}

const nothing: LineMemory = {
  allocated_bytes: 0,
  allocated_error_bytes: 0,
  allocations: 0,
  peak_bytes: 0,
  growth_bytes: 0,
  growth_error_bytes: 0,
  reserved_bytes: 0,
  python_fraction: 0,
  records: 0,
};

/** What the line of a program allocated. */
export function memoryOf(report: Report, path: string, line: number): LineMemory {
  const lines = report.files.find((file) => file.path === path)?.lines ?? [];
  const found = lines.find((candidate) => candidate.line === line) as
    { memory: LineMemory | null } | undefined;
  return found?.memory ?? nothing;
}

/** What each process allocated, in the order of the process tree; null where that was not measured. */
export function memoryOfProcesses(report: Report): (ProcessMemory | null)[] {
  return report.processes.map(
    (process) => (process as unknown as { memory: ProcessMemory | null }).memory,
  );
}

/** An estimate is right when it is in the range but for what sampling explains: five times its standard error. */
export function expectBytes(
  estimate: number,
  error: number,
  [low, high]: readonly [number, number],
  what: string,
): void {
  const slack = 5 * error;
  expect(estimate, what).toBeGreaterThanOrEqual(low - slack);
  expect(estimate, what).toBeLessThanOrEqual(high + slack);
}
