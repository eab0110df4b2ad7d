// `npm run test:gpu [-- PYTHON]`, after `npm run build`, on a machine with an NVIDIA GPU: profiles a load that is known by
// construction (scripts/gpuCheck.py) and compares the figures. Where there is no GPU it says so and skips.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main, Problem, run, tail } from './vscode/process.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const load = join(root, 'scripts', 'gpuCheck.py');
const tool = join(root, 'dist', 'cli.js');
/**
 * The part of the report that is compared.
 * @typedef {object} Report
 * @property {number} elapsed_s
 * @property {{severity: string, text: string}[]} notes
 * @property {{devices: {name: string}[], busy_s: number, peak_bytes: number, agent_cpu_s: number}} [gpu]
 * @property {{path: string, lines: {line: number, gpu?: {self_s: number}}[]}[]} files
 */
/** @typedef {[what: string, ok: boolean, text: string]} Result */

/** A CUDA context itself takes less than this of the GPU's memory, bytes, beside what the program allocates. */
const contextBytes = 1024 * 2 ** 20;

await main(async () => {
  if (!existsSync(tool))
    throw new Problem('Lineheat is not built: `npm run build`, then try again.');
  const python = process.argv[2] ?? 'python3';
  const folder = mkdtempSync(join(tmpdir(), 'lineheat-gpu-'));
  try {
    const bare = await run(python, [load], { quiet: true });
    if (bare.code === 3) {
      console.log(`Skipped: ${bare.output.trim()}`);
      return 0;
    }
    if (bare.code !== 0)
      throw new Problem(`The load does not run by itself:\n${tail(bare.output)}`);
    const json = join(folder, 'report.json');
    const words = [tool, 'run', '--json', json, '--python', python, load];
    const { code, output } = await run(process.execPath, words, { quiet: true });
    if (code !== 0) throw new Problem(`The load does not run under the profiler:\n${tail(output)}`);
    const printed = /^\{"busy".*\}$/m.exec(output)?.[0];
    if (!printed) throw new Problem(`The load does not print its busy time:\n${tail(output)}`);
    const { busy } = JSON.parse(printed);
    return compare(JSON.parse(readFileSync(json, 'utf8')), busy) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/**
 * @param {Report} report
 * @param {number} busy seconds that the load kept the GPU busy
 */
function compare(report, busy) {
  for (const { severity, text } of report.notes) console.log(`${severity}: ${text}`);
  const { gpu } = report;
  const names = gpu?.devices.map(({ name }) => name).join(', ');
  const lines = report.files.find(({ path }) => path === load)?.lines ?? [];
  /** @param {string} mark */
  const self = (mark) => lines.find(({ line }) => line === lineOf(mark))?.gpu?.self_s ?? 0;
  /** @type {Result[]} */
  const results = [
    ['a GPU is seen', gpu !== undefined, names ?? 'none'],
    within('seconds it was busy', gpu?.busy_s, 0.85 * busy, 1.15 * busy + 0.5),
    within('bytes at the peak', gpu?.peak_bytes, 512 * 2 ** 20, 512 * 2 ** 20 + contextBytes),
    within('seconds on the line that waits for it', self('synchronize'), 0.8 * busy, 1.15 * busy),
    within('seconds on the line that computes meanwhile', self('compute'), 0, 0.2 * busy),
    within('part of a core that asking takes', gpu && gpu.agent_cpu_s / report.elapsed_s, 0, 0.02),
  ];
  for (const [what, ok, text] of results) console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}: ${text}`);
  return results.every(([, ok]) => ok);
}

/**
 * @param {string} what
 * @param {number | undefined} value
 * @param {number} least
 * @param {number} most
 * @returns {Result}
 */
function within(what, value, least, most) {
  const ok = value !== undefined && value >= least && value <= most;
  return [what, ok, `${value} (wanted ${least.toPrecision(3)} to ${most.toPrecision(3)})`];
}

/** @param {string} mark */
function lineOf(mark) {
  return (
    readFileSync(load, 'utf8')
      .split('\n')
      .findIndex((line) => line.endsWith(`# mark: ${mark}`)) + 1
  );
}
