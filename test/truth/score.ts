/** Compares a profiler's figures of a program with what the program knows of itself. */
import type { Case, Kind, Quantity } from './cases';

/** The answer of one process, as programs/truth.py writes it. Times are seconds. */
export interface Answer {
  pid: number;
  ppid: number;
  threads: Record<string, { tid: number; cpu_s: number }>;
  regions: Record<string, { cpu_s?: number; wait_s?: number; system_s?: number }>;
  facts: Record<string, number>;
  /** CPU time of the whole process, including the profiler's own threads in it. */
  process_cpu_s: number;
  user_s: number;
  system_s: number;
  /** CPU time of all ended processes below this one, as the operating system counts. */
  children_cpu_s: number;
}

/**
 * A profiler's figures. A tool without an answer returns undefined, and the quantity is left out. A peer that knows a line
 * only with its calls, or only without them, gives the same answer for both kinds of frames.
 */
export interface Measured {
  /** CPU seconds of everything that the tool counts, in all processes; shares are shares of this. */
  cpu: number;
  /** Seconds of one kind on these lines of the program, all processes. */
  seconds(lines: readonly number[], what: Kind, frames: 'self' | 'total'): number | undefined;
  threadCpu?(pid: number, tid: number): number;
  processCpu?(pid: number): number;
  /** CPU seconds of all processes as the operating system counts, according to the tool, including its own part. */
  processesCpu?: number;
  /** CPU seconds that the tool itself used inside the processes. */
  ownCpu: number;
  system?: number;
}

export interface Score {
  case: string;
  quantity: string;
  /** Percent of what the quantity's name says, or a count, by `unit`. */
  expected: number;
  measured: number;
  /** Percentage points. */
  error: number;
  allowed: number;
  unit: '%' | 'times';
  ok: boolean;
}

/**
 * Scores a profiler on a case. marks gives the lines of a mark.
 * Quantities without an answer of the profiler are left out.
 */
export function score(
  { name, quantities }: Case,
  answers: readonly Answer[],
  measured: Measured,
  marks: (mark: string) => number[],
): Score[] {
  const truth = new Truth(answers);
  const scores: Score[] = [];
  for (const quantity of quantities) {
    const compared = compare(quantity, truth, measured, marks);
    if (compared === undefined) continue;
    const counted = quantity.type === 'count';
    const scale = counted ? 1 : 100;
    const error = Math.abs(compared.measured - compared.expected) * scale;
    const allowed = counted ? 0 : quantity.allowed;
    scores.push({
      case: name,
      quantity: quantityName(quantity),
      expected: compared.expected * scale,
      measured: compared.measured * scale,
      error,
      allowed,
      unit: counted ? 'times' : '%',
      // A missing measurement is NaN, which never passes.
      ok: error <= allowed,
    });
  }
  return scores;
}

class Truth {
  readonly #answers: readonly Answer[];
  /** CPU seconds of processes that the program started and that wrote no answer. */
  readonly silentCpu: number;
  /** CPU seconds of all the program's threads by their own clocks, and of silent processes. */
  readonly cpu: number;
  readonly waited: number;

  constructor(answers: readonly Answer[]) {
    this.#answers = answers;
    const pids = new Set(answers.map(({ pid }) => pid));
    const [first] = answers.filter(({ ppid }) => !pids.has(ppid));
    if (!first) throw new Error('The program’s first process says nothing.');
    const others = this.sum((answer) => (answer === first ? 0 : answer.process_cpu_s));
    this.silentCpu = Math.max(0, first.children_cpu_s - others);
    this.cpu = this.sum(threadsCpu) + this.silentCpu;
    this.waited = this.sum(({ regions }) =>
      sumOf(Object.values(regions).map(({ wait_s }) => wait_s ?? 0)),
    );
  }

  sum(of: (answer: Answer) => number): number {
    return sumOf(this.#answers.map(of));
  }

  /** Seconds of one kind in a region. Throws when no process knows the region. */
  region(name: string, what: 'cpu_s' | 'wait_s' | 'system_s'): number {
    const known = this.#answers.filter(({ regions }) => regions[name]?.[what] !== undefined);
    if (known.length === 0) throw new Error(`The program says nothing of ${what} in “${name}”.`);
    return sumOf(known.map(({ regions }) => regions[name]![what]!));
  }

  /** The region's CPU seconds in user mode, by the kernel's ticks; all its CPU seconds if the program read no ticks. */
  userSeconds(name: string): number {
    return (
      this.region(name, 'cpu_s') -
      sumOf(this.#answers.map(({ regions }) => regions[name]?.system_s ?? 0))
    );
  }

  process(region: string): Answer {
    const found = this.#answers.find(({ regions }) => region in regions);
    if (!found) throw new Error(`No process knows “${region}”.`);
    return found;
  }

  fact(name: string): number {
    const known = this.#answers.filter(({ facts }) => name in facts);
    if (known.length === 0) throw new Error(`The program says nothing of “${name}”.`);
    return sumOf(known.map(({ facts }) => facts[name]!));
  }
}

function compare(
  quantity: Quantity,
  truth: Truth,
  measured: Measured,
  marks: (mark: string) => number[],
): { expected: number; measured: number } | undefined {
  switch (quantity.type) {
    case 'line': {
      const { mark, what, of, frames, part, region = mark } = quantity;
      const lines = marks(mark);
      const seconds = measured.seconds(lines, what, frames);
      if (seconds === undefined) return undefined;
      if (of === 'wait') {
        const known = part === undefined ? truth.region(region, 'wait_s') / truth.waited : part;
        return { expected: known, measured: seconds / truth.waited };
      }
      // System time is neither Python nor native time, even if Lineheat itself caused it by recording memory.
      const isUser = what === 'python' || what === 'native';
      const known =
        part === undefined
          ? truth.region(region, what === 'system' ? 'system_s' : 'cpu_s')
          : part * (isUser ? truth.userSeconds(region) : truth.region(region, 'cpu_s'));
      return { expected: known / truth.cpu, measured: seconds / measured.cpu };
    }
    case 'threads': {
      const ask = measured.threadCpu;
      if (!ask) return undefined;
      const chosen = (answer: Answer) => quantity.names.flatMap((n) => answer.threads[n] ?? []);
      const found = truth.sum((answer) =>
        sumOf(chosen(answer).map(({ tid }) => ask(answer.pid, tid))),
      );
      const known = truth.sum((answer) => sumOf(chosen(answer).map(({ cpu_s }) => cpu_s)));
      return { expected: known / truth.cpu, measured: found / measured.cpu };
    }
    case 'process': {
      if (!measured.processCpu) return undefined;
      const process = truth.process(quantity.region);
      return {
        expected: threadsCpu(process) / truth.cpu,
        measured: measured.processCpu(process.pid) / measured.cpu,
      };
    }
    case 'sampled':
      return { expected: 1, measured: measured.cpu / truth.cpu };
    case 'processes':
      return measured.processesCpu === undefined
        ? undefined
        : {
            expected: 1,
            measured:
              measured.processesCpu /
              (truth.sum(({ process_cpu_s }) => process_cpu_s) + truth.silentCpu),
          };
    case 'system':
      return measured.system === undefined
        ? undefined
        : {
            expected:
              truth.sum(({ system_s }) => system_s) /
              truth.sum(({ user_s, system_s }) => user_s + system_s),
            measured: measured.system / measured.cpu,
          };
    case 'count':
      return { expected: 0, measured: truth.fact(quantity.fact) };
  }
}

/** What a quantity is called in a table, with what it is a share of. */
export function quantityName(quantity: Quantity): string {
  switch (quantity.type) {
    case 'line': {
      const { mark, what, of, frames } = quantity;
      const whole = { cpu: 'of all CPU', wait: 'of all waiting' }[of];
      return `${mark}: ${what}${frames === 'total' ? ' with calls' : ''}, ${whole}`;
    }
    case 'threads':
      return `thread ${quantity.names.join(', ')}: cpu, of all CPU`;
    case 'process':
      return `process of ${quantity.region}: cpu, of all CPU`;
    case 'sampled':
      return 'all samples, of the threads’ clocks';
    case 'processes':
      return 'all processes, of the OS’s clocks';
    case 'system':
      return 'system, of all CPU';
    case 'count':
      return quantity.fact;
  }
}

function threadsCpu({ threads }: Answer): number {
  return sumOf(Object.values(threads).map(({ cpu_s }) => cpu_s));
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
