/** Runs a memory case under Lineheat. Returns the program's facts, and the report in the suite's neutral form. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../agent/programs';
import type { MemoryReport, Report, ReportLine } from '../agent/report';
import type { MemoryCase } from './memoryCases';
import { scoreMemory, type LineMemory, type MeasuredMemory, type MemoryScore } from './memoryScore';
import {
  caseEnvironment,
  marksIn,
  profileCase,
  programPath,
  readAnswers,
  type Options,
} from './runCase';

/** Runs a case and scores it. Throws when the program fails. */
export async function runMemoryCase(wanted: MemoryCase, options: Options): Promise<MemoryScore[]> {
  const { facts, measured, marks } = await measureMemory(wanted, options);
  return scoreMemory(wanted, facts, measured, marks);
}

/** Runs a case. Returns the program's facts and Lineheat's figures. */
export async function measureMemory(
  wanted: Omit<MemoryCase, 'quantities'>,
  options: Options,
): Promise<{
  facts: Record<string, number>;
  measured: MeasuredMemory;
  marks: (mark: string) => number[];
}> {
  const facts = {};
  if (wanted.traced) {
    const { python, seconds, folder: parent, helper } = options;
    const folder = mkdtempSync(join(parent, 'traced-'));
    const words = [programPath(wanted), join(folder, 'answer'), String(seconds), helper, 'traced'];
    const bare = await run(python.path, words, { env: await caseEnvironment(wanted, python) });
    if (bare.code !== 0) throw new Error(`${wanted.program} failed bare:\n${bare.stderr}`);
    for (const answer of readAnswers(folder)) Object.assign(facts, answer.facts);
  }
  const { answers, report, path } = await profileCase(wanted, options);
  for (const answer of answers) Object.assign(facts, answer.facts);
  return { facts, measured: measuredByReport(report, path), marks: marksIn(path) };
}

function measuredByReport(report: Report, path: string): MeasuredMemory {
  const total = report.memory;
  const [process] = report.processes;
  if (!total || !process?.memory) throw new Error('The report says nothing of memory.');
  const { footprint } = process.memory;
  const known = report.files.find((file) => file.path === path)?.lines ?? [];
  return {
    line: (lines) => together(known.filter(({ line }) => lines.includes(line))),
    growth: total.growth_bytes,
    peak: total.peak_live_bytes,
    peakResident: process.peak_bytes ?? NaN,
    residentAt: (seconds) =>
      footprint.filter(({ at_s }) => at_s <= seconds).at(-1)?.resident_bytes ?? NaN,
  };
}

function together(lines: readonly ReportLine[]): LineMemory {
  const memories = lines.flatMap(({ memory }) => memory ?? []);
  const sum = (of: (memory: MemoryReport) => number): number =>
    memories.reduce((total, memory) => total + of(memory), 0);
  const allocated = sum((memory) => memory.allocated_bytes);
  const leaks = memories.flatMap(({ leak }) => leak?.bytes_per_second ?? []);
  return {
    bytes: {
      allocated,
      growth: sum((memory) => memory.growth_bytes),
      peak: sum((memory) => memory.peak_bytes),
      copied: sum((memory) => memory.copied_bytes),
    },
    errors: {
      allocated: Math.sqrt(sum((memory) => memory.allocated_error_bytes ** 2)),
      growth: Math.sqrt(sum((memory) => memory.growth_error_bytes ** 2)),
    },
    python: sum((memory) => memory.python_fraction * memory.allocated_bytes) / allocated,
    leak: leaks.length > 0 ? leaks.reduce((total, rate) => total + rate, 0) : null,
  };
}
