/** Runs a case under Lineheat. Returns the program's own answers, and the report in the suite's neutral form. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { profile } from '../agent/programs';
import { numpyFolder, type Python } from '../agent/pythons';
import { cpu, lineOf, type Report, type ReportCost } from '../agent/report';
import type { Case, Kind } from './cases';
import { score, type Answer, type Measured, type Score } from './score';

export interface Options {
  python: Python;
  /** CPU seconds of the program. */
  seconds: number;
  /** Microseconds between samples; undefined: the tool's own default. */
  intervalUs: number | undefined;
  /** A folder for all files of the run. */
  folder: string;
  /** A folder for the recording, or undefined. */
  keep: string | undefined;
  /** The compiled helper; see buildHelper. */
  helper: string;
}

/** Compiles test/truth/native into a folder, and returns the library's path. Throws when there is no C compiler. */
export function buildHelper(folder: string): string {
  const library = join(folder, 'helper.so');
  const native = join(__dirname, 'native');
  const sources = readdirSync(native).map((name) => join(native, name));
  execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, ...sources]);
  return library;
}

/** Path of a case's program. */
export function programPath({ program }: { program: string }): string {
  return join(__dirname, 'programs', program);
}

/** The lines of a program that carry `# mark: NAME`, counted from 1. Throws when there are none. */
export function marksIn(path: string): (mark: string) => number[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return (mark) => {
    const found = lines.flatMap((line, index) => {
      const [, name] = /# mark: (.*)$/.exec(line) ?? [];
      return name === mark ? [index + 1] : [];
    });
    if (found.length === 0) throw new Error(`${path} has no line marked “${mark}”.`);
    return found;
  };
}

/** The environment that a case's program needs. */
export async function caseEnvironment(
  { numpy }: { numpy?: boolean },
  python: Python,
): Promise<Record<string, string>> {
  return numpy ? { PYTHONPATH: await numpyFolder(python), OPENBLAS_NUM_THREADS: '1' } : {};
}

/** Reads the answers of a program's processes: the files of a folder that begin with `answer`. */
export function readAnswers(folder: string): Answer[] {
  return readdirSync(folder)
    .filter((name) => /^answer\.\d+\.json$/.test(name))
    .map((name) => {
      const answer = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Answer;
      const end = join(folder, name.replace(/json$/, 'end'));
      // A process that ends with os._exit writes no clocks at its end.
      if (existsSync(end)) {
        const [process = NaN, main = NaN] = readFileSync(end, 'utf8').split(' ').map(Number);
        answer.process_cpu_s = process;
        answer.threads['main']!.cpu_s = main;
      }
      return answer;
    });
}

/** Runs a case's program under Lineheat. Throws when the program fails or writes no answer. */
export async function profileCase(
  wanted: Pick<Case, 'name' | 'program' | 'numpy'>,
  { python, seconds, intervalUs, folder: parent, helper, keep }: Options,
): Promise<{ answers: Answer[]; report: Report; path: string }> {
  const folder = mkdtempSync(join(parent, 'case-'));
  const path = programPath(wanted);
  const ended = await profile(
    python.path,
    [
      ...(intervalUs === undefined ? [] : ['--interval-us', String(intervalUs)]),
      ...(keep === undefined
        ? []
        : ['--save', join(keep, `${python.minor} ${wanted.name}.lineheat`)]),
      ...[path, join(folder, 'answer'), String(seconds), helper],
    ],
    folder,
    { env: await caseEnvironment(wanted, python) },
  );
  const answers = readAnswers(folder);
  if (ended.code !== 0 || answers.length === 0) {
    throw new Error(`${wanted.program} ended with exit code ${ended.code}:\n${ended.stderr}`);
  }
  return { answers, report: ended.report, path };
}

/** Runs a case and scores it. Throws when the program fails. */
export async function runCase(wanted: Case, options: Options): Promise<Score[]> {
  const { answers, report, path } = await profileCase(wanted, options);
  return score(wanted, answers, measuredByReport(report, path), marksIn(path));
}

const fields: Record<Exclude<Kind, 'cpu'>, keyof ReportCost> = {
  python: 'python_s',
  native: 'native_s',
  system: 'system_s',
  wait: 'wait_s',
  gil: 'gil_s',
};

function measuredByReport(report: Report, path: string): Measured {
  return {
    cpu: cpu(report.total),
    ownCpu: report.agent_cpu_s,
    processesCpu: report.cpu_s,
    system: report.total.system_s,
    seconds: (lines, what, frames) =>
      lines
        .map((line) => lineOf(report, path, line)[frames])
        .reduce((sum, cost) => sum + (what === 'cpu' ? cpu(cost) : (cost[fields[what]] ?? 0)), 0),
    threadCpu: (pid, tid) =>
      report.threads.find((thread) => thread.pid === pid && thread.tid === tid)?.cpu_s ?? NaN,
    processCpu: (pid) => {
      const found = report.processes.find((process) => process.pid === pid);
      return found ? found.cpu_s - found.agent_cpu_s : NaN;
    },
  };
}
