// Compares the overhead of Lineheat and its peers. Each program runs bare, under one profiler, bare, under the next profiler,
// and so on; every profiled run is compared with the mean of the bare runs before and after it. Goal: `lineheat` ×1.02.
//
//   npm run bench:peers -- [--quick] [--rounds N] [--python PATH] [--tools NAME,…] [--no-save] [PROGRAM…]
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { main, Problem, tail } from '../scripts/vscode/process.mjs';
import { measure } from './measure.mjs';
import { ensurePeers } from './peers/environment.mjs';
import { overheadReport } from './peers/overheadReport.mjs';
import { tools, written } from './peers/tools.mjs';
import { load, machine, saveSection } from './results.mjs';
import { quickMs, whileTimeLasts } from './time.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const builtAgent = join(here, `../dist/agent/linux-${process.arch}/liblineheat.so`);
const driver = join(here, 'peers/driver.py');
const programs = [
  ...['none', 'io', 'cpu_io_mixed', 'memoization'].map((variant) => `async_tree_${variant}`),
  ...['docutils', 'fannkuch', 'mdp', 'pprint', 'raytrace', 'sympy'],
];
/** Programs of different kinds that can be shortened. */
const quickPrograms = ['async_tree_cpu_io_mixed', 'fannkuch', 'raytrace', 'sympy'];
/** A quick run does without these: tools at other rates, and the command line tool with its report. */
const extraTools = ['lineheat run', 'scalene (100 Hz)', 'py-spy (100 Hz)', 'austin (10 kHz)'];
const quickShare = 0.4;
const deadlineSeconds = 120;

/**
 * @typedef {import('./peers/tools.mjs').Tool} Tool
 * @typedef {import('./peers/overheadReport.mjs').Cost} Cost
 * @typedef {import('./peers/overheadReport.mjs').Run} Run
 *
 * @typedef {object} More
 * @property {string} agent our library
 * @property {string} folder for the files of a run
 * @property {number} share of a program's usual work
 *
 * @typedef {import('./peers/environment.mjs').Peers & More} Bench
 */

await main(async () => {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      python: { type: 'string' },
      tools: { type: 'string' },
      'no-save': { type: 'boolean', default: false },
    },
  });
  const rounds = Number(options.rounds ?? (options.quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Problem('--rounds needs a whole number of at least 1.');
  }
  if (!existsSync(builtAgent)) throw new Problem('Nothing is built. Run: npm run build');
  const unknown = positionals.filter((name) => !programs.includes(name));
  if (unknown.length > 0) throw new Problem(`No such program: ${unknown.join(', ')}.`);
  const names = options.tools?.split(',');
  const chosen = tools.filter(({ name }) =>
    names ? names.includes(name) : !options.quick || !extraTools.includes(name),
  );
  if (names && chosen.length < names.length) {
    throw new Problem(`There are these tools: ${tools.map(({ name }) => name).join(', ')}.`);
  }
  const peers = await ensurePeers(options.python);
  const folder = mkdtempSync(join(tmpdir(), 'lineheat-peers-'));
  try {
    // A copy, so that a build in the meantime does not change what is measured.
    const agent = join(folder, 'liblineheat.so');
    copyFileSync(builtAgent, agent);
    const bench = { ...peers, agent, folder, share: options.quick ? quickShare : 1 };
    const began = Date.now();
    const summary = [`${machine()}, Python ${peers.version}, rounds: ${rounds}`];
    const wanted = positionals.length ? positionals : options.quick ? quickPrograms : programs;
    /** @type {string[]} */
    const measured = [];
    /** @type {Run[]} */
    const runs = [];
    for (const program of whileTimeLasts(wanted, options.quick ? quickMs : Infinity)) {
      runs.push(...measureProgram(bench, program, chosen, rounds));
      measured.push(program);
    }
    const minutes = Math.ceil((Date.now() - began) / 60_000);
    summary.push(`${minutes} min, load afterwards ${load()}`);
    if (measured.length < wanted.length) {
      summary.push(`No time for ${wanted.slice(measured.length).join(', ')}`);
    }
    const report = overheadReport({
      tools: chosen,
      programs: measured,
      runs,
      versions: peers.versions,
    });
    console.log(`\n${summary.join('\n')}\n\n${report}`);
    if (!options['no-save']) {
      const command = ['npm run bench:peers --', ...process.argv.slice(2)].join(' ');
      const title = `Overhead beside the peers${options.quick ? ', quick' : ''}`;
      saveSection(title, command, `${summary.join('. ')}.\n\n${report}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/**
 * Runs a program bare, under a tool, bare, under the next tool, and so on. Tracing profilers have one round only: they take
 * many times as long, and their overhead exceeds any noise.
 * @param {Bench} bench
 * @param {string} program
 * @param {Tool[]} chosen
 * @param {number} rounds
 */
function measureProgram(bench, program, chosen, rounds) {
  /** @type {Run[]} */
  const rows = [];
  /** @type {Set<Tool>} */
  const failed = new Set();
  once(bench, program); // Warms caches and compiled modules; not counted.
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another tool.
    const order = chosen
      .slice(round % chosen.length)
      .concat(chosen.slice(0, round % chosen.length))
      .filter((tool) => (round === 0 || tool.kind === 'sampling') && !failed.has(tool));
    let before = once(bench, program);
    for (const tool of order) {
      process.stderr.write(
        `\r${program}, round ${round + 1}, ${tool.name}, load ${load()}   \x1b[K`,
      );
      const profiled = underTool(bench, program, tool);
      if ('problem' in profiled) failed.add(tool);
      const after = once(bench, program);
      rows.push({ program, tool: tool.name, profiled, before, after });
      before = after;
    }
  }
  process.stderr.write('\r\x1b[K');
  return rows;
}

/**
 * Runs a program under a tool. A tool that leaves no profile is a result.
 * @param {Bench} bench
 * @param {string} program
 * @param {Tool} tool
 * @returns {Cost | {problem: string}}
 */
function underTool(bench, program, tool) {
  try {
    return once(bench, program, tool);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Runs a program once, under a tool if there is one. Throws when the program fails, or the tool leaves no profile.
 * @param {Bench} bench
 * @param {string} program
 * @param {Tool} [tool]
 * @returns {Cost}
 */
function once({ python, bin, programs: sources, agent, folder, share }, program, tool) {
  // Scalene appends .json to other names.
  const output = join(folder, 'output.json');
  const spent = join(folder, 'spent');
  const module = `bm_${program.replace(/^(async_tree)_.*/, '$1')}`;
  const place = {
    bin,
    python,
    agent,
    output,
    sources: join(sources, module),
    module: `${module}.run_benchmark`,
  };
  /** @type {import('./peers/tools.mjs').Script} */
  const script = [driver, program, String(share)];
  /** @type {import('./peers/tools.mjs').Wrapped} */
  const bare = { command: [python, ...script] };
  const { command, env } = tool ? tool.wrap(place, script) : bare;
  try {
    const { exit, stderr, ...usage } = measure(python, deadlineSeconds, command, {
      cwd: folder,
      env: {
        ...process.env,
        ...{ PYTHONHASHSEED: '0', PYTHONPATH: sources, LINEHEAT_BENCH_SPENT: spent, ...env },
      },
    });
    // Some tools exit with 0 although their program failed.
    if (exit !== 0 || !existsSync(spent)) {
      const why = exit === null ? `not done in ${deadlineSeconds} s` : `exit ${exit}`;
      if (!tool) throw new Problem(`${program} fails without a profiler: ${why}\n${tail(stderr)}`);
      throw new Error(`${why}: ${tail(stderr, 1).trim()}`);
    }
    return {
      ...usage,
      program_s: Number(readFileSync(spent, 'utf8')),
      samples: tool?.samples(output),
      bytes: tool ? written(output) : 0,
    };
  } finally {
    rmSync(output, { recursive: true, force: true });
    rmSync(spent, { force: true });
  }
}
