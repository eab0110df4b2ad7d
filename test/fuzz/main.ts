/**
 * `npm run fuzz`: opens mutants of recordings and does everything with them that is done with recordings. Options:
 * --seconds N (60), --seed S (a new one each time), --from INDEX and --count N (to see one again), --found FOLDER (where
 * inputs that fail are kept: artifacts/fuzz). A mutant fails that
 * throws, takes more than 2 s of CPU time or 4 times its size and 200 MB of memory, or whose report does not fit its schema.
 * What fails is tried again in a fresh process, alone; once it is fixed, its folder belongs in test/fuzz/found, which the unit
 * tests try. The last line is `N mutants, N failed`; exit code 1 when any did.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { writeFiles } from './files';
import { mutant } from './mutate';
import { readSeeds } from './seeds';
import type { Task, Verdict } from './worker';

const longestCpuMs = 2000;
const mostGrown = (size: number): number => 4 * size + (200 << 20);
/** A process is replaced after so many mutants, so that what it has left over says little. */
const mutantsPerProcess = 2000;
/** Looking whether a mutant hangs. */
const lookMs = 500;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: 'Infinity' },
    found: { type: 'string' },
  },
});
const root = fileURLToPath(new URL('../../', import.meta.url));
const found = options.found ?? join(root, 'artifacts', 'fuzz');
const bundle = join(root, 'artifacts', 'fuzz', 'worker.mjs');
const seed = Number(options.seed);

class Worker {
  private tried = 0;

  private constructor(private readonly child: ChildProcess) {}

  static async start(): Promise<Worker> {
    const child = fork(bundle, { execArgv: ['--max-old-space-size=4096'] });
    await new Promise((ready) => child.once('message', ready));
    return new Worker(child);
  }

  get isWorn(): boolean {
    return this.tried >= mutantsPerProcess || this.child.exitCode !== null || this.child.killed;
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  /** A mutant that ends the process, or hangs, has its verdict from here. */
  async tryOut(task: Task): Promise<Verdict> {
    this.tried++;
    const { child } = this;
    const none = { ...task, cpuMs: 0, grown: undefined, size: 0 };
    const cpuBefore = cpuMsOf(child.pid!);
    return await new Promise((done) => {
      const finish = (verdict: Verdict): void => {
        clearInterval(timer);
        child.off('message', finish);
        child.off('exit', ended);
        done(verdict);
      };
      const ended = (code: number | null, signal: string | null): void =>
        finish({ ...none, problem: `ended the process (${code ?? signal})` });
      const timer = setInterval(() => {
        const cpuMs = cpuMsOf(child.pid!) - cpuBefore;
        // Making the mutant is not opening it, but quick.
        if (cpuMs < 2 * longestCpuMs) return;
        finish({ ...none, cpuMs, problem: `hangs: ${cpuMs} ms of CPU time so far` });
        this.stop();
      }, lookMs);
      child.on('message', finish);
      child.on('exit', ended);
      child.send(task);
    });
  }
}

/** CPU time of a process so far; 0 when it is gone. */
function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    // In ticks, of which Linux tells 100 a second on every machine.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

function problemOf({ problem, cpuMs, grown, size }: Verdict): string | undefined {
  if (problem !== undefined) return problem;
  if (cpuMs > longestCpuMs) return `took ${cpuMs.toFixed(0)} ms of CPU time`;
  if (grown === undefined || grown <= mostGrown(size)) return undefined;
  return `took ${(grown / 2 ** 20).toFixed(0)} MB of memory for ${size} bytes`;
}

/** Files that are read by their place beside a source are found from the bundle, too. */
const placed: Plugin = {
  name: 'placed',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/test\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        'import.meta.url',
        JSON.stringify(pathToFileURL(path).href),
      ),
      loader: 'ts',
    }));
  },
};
await build({
  entryPoints: [join(root, 'test', 'fuzz', 'worker.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  // Packages that are CommonJS ask for Node's own modules by require().
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  logLevel: 'warning',
  plugins: [placed],
});
mkdirSync(found, { recursive: true });
console.log(`seed ${seed}`);
const deadline = Date.now() + 1000 * Number(options.seconds);
let worker = await Worker.start();
let tried = 0;
let failed = 0;
let slowest = { cpuMs: 0, index: 0 };
let largest = 0;
const first = Number(options.from);
const last = first + Number(options.count);
for (let index = first; index < last && Date.now() < deadline; index++) {
  if (worker.isWorn) {
    worker.stop();
    worker = await Worker.start();
  }
  let verdict = await worker.tryOut({ seed, index });
  tried++;
  if (problemOf(verdict) !== undefined) {
    worker.stop();
    worker = await Worker.start();
    verdict = await worker.tryOut({ seed, index });
  }
  if (verdict.cpuMs > slowest.cpuMs) slowest = verdict;
  largest = Math.max(largest, verdict.grown ?? 0);
  const problem = problemOf(verdict);
  if (problem === undefined) continue;
  failed++;
  const place = join(found, `${seed}-${index}`);
  writeFiles(place, mutant(readSeeds(), seed, index));
  console.log(`--seed ${seed} --from ${index} --count 1: ${problem}\n  kept in ${place}`);
}
worker.stop();
console.log(
  `slowest ${slowest.cpuMs.toFixed(0)} ms of CPU time (--from ${slowest.index}), largest ${(largest / 2 ** 20).toFixed(0)} MB`,
);
console.log(`${tried} mutants, ${failed} failed`);
process.exit(failed > 0 || tried === 0 ? 1 : 0);
