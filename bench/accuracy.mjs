// Measures the error of each profiler: runs the programs of test/truth, which know what their own lines cost, under Lineheat
// and under its peers. Good: a mean error of Lineheat below 1 percentage point, and an answer to every question.
//
//   npm run bench:accuracy -- [--quick] [--seconds N] [--python PATH] [--case NAME]… [--tool NAME]… [--no-save]
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { main, Problem, run, tail } from '../scripts/vscode/process.mjs';
import { cleanEnvironment } from '../test/agent/programs';
import { cases } from '../test/truth/cases';
import { buildHelper, marksIn, programPath, readAnswers, runCase } from '../test/truth/runCase';
import { score } from '../test/truth/score';
import { accuracyReport } from './peers/accuracyReport.mjs';
import { accuracyTools } from './peers/accuracyTools.mjs';
import { ensurePeers } from './peers/environment.mjs';
import { load, machine, saveSection } from './results.mjs';
import { quickMs, whileTimeLasts } from './time.mjs';

const reader = fileURLToPath(new URL('peers/read.py', import.meta.url));
const quickCases = ['numpy line', 'sorted and loop', 'calls', 'idle threads', 'sleep in C'];
/**
 * @typedef {import('../test/truth/cases').Case} Case
 * @typedef {import('../test/truth/score').Answer} Answer
 * @typedef {import('../test/truth/score').Score} Score
 * @typedef {import('./peers/accuracyTools.mjs').Ours} Ours
 * @typedef {import('./peers/accuracyTools.mjs').Peer} Peer
 *
 * @typedef {object} Bench
 * @property {import('./peers/environment.mjs').Peers} peers
 * @property {string} folder for the files of all runs
 * @property {number} seconds CPU seconds of a program
 * @property {string} helper path of the truth suite's compiled helper
 *
 * @typedef {object} PeerFigures what peers/read.py prints
 * @property {number | null} cpu seconds in total; null: the tool does not say
 * @property {Record<Frames, string[]>} kinds of time that the tool tells apart
 * @property {Record<string, Record<Frames, Record<string, number>>>} lines seconds by line and kind
 * @property {Record<Frames, number[]>} [cannot] lines without a figure
 * @property {Record<string, number>} [threads] seconds by "pid tid"
 * @property {Record<string, number>} [processes] seconds by pid
 *
 * @typedef {'self' | 'total'} Frames
 */

/**
 * A profiled program may take ten times as long as bare, and a minute to start and end; a longer run counts as hanging.
 * @param {number} seconds
 */
const deadlineMs = (seconds) => 60_000 + 10 * seconds * 1000;

await main(async () => {
  const { values: options } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      python: { type: 'string' },
      case: { type: 'string', multiple: true },
      tool: { type: 'string', multiple: true },
      'no-save': { type: 'boolean', default: false },
    },
  });
  const seconds = Number(options.seconds ?? (options.quick ? 2 : 8));
  const wantedCases = named(
    cases,
    options.case ?? (options.quick ? quickCases : undefined),
    'case',
  );
  const wantedTools = named(accuracyTools, options.tool, 'tool');
  const peers = await ensurePeers(options.python);
  const folder = mkdtempSync(join(tmpdir(), 'lineheat-accuracy-'));
  const began = Date.now();
  const summary = [`${machine()}, Python ${peers.version}, ${seconds} CPU seconds a case`];
  /** @type {import('./peers/accuracyReport.mjs').Result[]} */
  const results = [];
  /** @type {Case[]} */
  const measured = [];
  try {
    const bench = { peers, folder, seconds, helper: buildHelper(folder) };
    for (const wanted of whileTimeLasts(wantedCases, options.quick ? quickMs : Infinity)) {
      measured.push(wanted);
      /** @type {Answer[] | undefined} */
      let bare;
      for (const tool of wantedTools) {
        process.stderr.write(`\r${wanted.name}, ${tool.name}, load ${load()}   \x1b[K`);
        try {
          const isPeer = 'tool' in tool;
          if (isPeer && tool.traces) bare ??= (await runProgram(bench, wanted)).answers;
          const scores = isPeer
            ? await runPeer(bench, wanted, tool, tool.traces ? bare : undefined)
            : await runOurs(bench, wanted, tool);
          results.push({ wanted, tool, scores });
        } catch (error) {
          // The last line of a traceback is the error.
          const problem = tail(error instanceof Error ? error.message : String(error), 1).trim();
          results.push({ wanted, tool, scores: [], problem });
        }
      }
    }
    process.stderr.write('\r\x1b[K');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  summary.push(`${Math.ceil((Date.now() - began) / 60_000)} min, load afterwards ${load()}`);
  const notMeasured = wantedCases.slice(measured.length).map(({ name }) => name);
  if (notMeasured.length > 0) summary.push(`No time for ${notMeasured.join(', ')}`);
  const report = accuracyReport(measured, wantedTools, results, peers.versions);
  console.log(`\n${summary.join('\n')}\n\n${report}`);
  if (!options['no-save']) {
    const command = ['npm run bench:accuracy --', ...process.argv.slice(2)].join(' ');
    const title = `Accuracy beside the peers${options.quick ? ', quick' : ''}`;
    saveSection(title, command, `${summary.join('. ')}.\n\n${report}`);
  }
});

/**
 * The entries with these names; all entries without names.
 * @template {{name: string}} Entry
 * @param {Entry[]} all
 * @param {string[] | undefined} names
 * @param {string} what
 */
function named(all, names, what) {
  const unknown = names?.find((name) => !all.some((entry) => entry.name === name));
  if (unknown === undefined) return names ? all.filter(({ name }) => names.includes(name)) : all;
  const known = all.map(({ name }) => name).join(', ');
  throw new Problem(`There is no ${what} “${unknown}”. There are: ${known}.`);
}

/**
 * Runs a case as the truth suite does, with the peers' interpreter.
 * @param {Bench} bench
 * @param {Case} wanted
 * @param {Ours} tool
 */
function runOurs({ peers, folder, seconds, helper }, wanted, { intervalUs }) {
  const minor = Number(peers.version.split('.')[1]);
  const python = { name: `3.${minor}`, path: peers.python, minor };
  return runCase(wanted, { python, seconds, intervalUs, folder, keep: undefined, helper });
}

/**
 * Runs a case's program, under a peer if there is one. Returns the program's answers and the path of the peer's output.
 * @param {Bench} bench
 * @param {Case} wanted
 * @param {Peer} [peer]
 */
async function runProgram({ peers, folder, seconds, helper }, wanted, peer) {
  const own = mkdtempSync(join(folder, 'run-'));
  const answers = join(own, 'answers');
  mkdirSync(answers);
  const path = programPath(wanted);
  /** @type {import('./peers/tools.mjs').Script} */
  const script = [path, join(answers, 'answer'), String(seconds), helper];
  const output = join(own, 'output.json');
  /** @type {import('./peers/tools.mjs').Wrapped} */
  const bare = { command: [peers.python, ...script] };
  // The agent is ours, and no peer needs it.
  const place = { ...peers, agent: '', output, sources: '', module: '' };
  const { command, env } = peer ? peer.tool.wrap(place, script) : bare;
  const [program, ...words] = command;
  const { code, output: printed } = await run(program, words, {
    ...{ quiet: true, timeoutMs: deadlineMs(seconds), cwd: own },
    env: cleanEnvironment({ OPENBLAS_NUM_THREADS: '1', ...env }),
  });
  const found = readAnswers(answers);
  if (code !== 0 || found.length === 0) {
    if (code === 124) throw new Error(`not done in ${deadlineMs(seconds) / 1000} s`);
    throw new Error(`exit ${code}: ${tail(printed, 1).trim() || 'without output'}`);
  }
  return { answers: found, output, path };
}

/**
 * @param {Bench} bench
 * @param {Case} wanted
 * @param {Peer} peer
 * @param {Answer[]} [bare] of a run without the peer, if the answers of the run under the peer are no truth
 */
async function runPeer(bench, wanted, peer, bare) {
  const { answers, output, path } = await runProgram(bench, wanted, peer);
  const read = execFileSync(bench.peers.python, [reader, peer.format, output, path], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const truth = bare ?? answers;
  return score(
    answerable(wanted, peer),
    truth,
    measuredBy(JSON.parse(read), peer, truth),
    marksIn(path),
  );
}

/**
 * The case without quantities that the tool does not claim to know: tracers have no total and do not affect system calls.
 * @param {Case} wanted
 * @param {Peer} peer
 * @returns {Case}
 */
function answerable(wanted, { traces, wall }) {
  const quantities = wanted.quantities.filter(
    ({ type }) => !((traces || wall) && type === 'sampled') && !(traces && type === 'count'),
  );
  return { ...wanted, quantities };
}

/**
 * A tool's figures in the truth suite's form.
 * @param {PeerFigures} read
 * @param {Peer} peer
 * @param {Answer[]} truth
 * @returns {import('../test/truth/score').Measured}
 */
function measuredBy({ cpu, kinds, lines: spent, cannot, threads, processes }, { wall }, truth) {
  const hasWaiting = truth.some(({ regions }) =>
    Object.values(regions).some(({ wait_s }) => wait_s !== undefined),
  );
  const clocks = truth.flatMap((answer) => Object.values(answer.threads).map(({ cpu_s }) => cpu_s));
  return {
    cpu: cpu ?? clocks.reduce((sum, one) => sum + one, 0),
    ownCpu: 0,
    seconds(lines, what, frames) {
      if (!kinds[frames].includes(what) || (wall && hasWaiting)) return undefined;
      if (lines.some((line) => cannot?.[frames].includes(line))) return undefined;
      return lines.reduce((sum, line) => sum + (spent[line]?.[frames][what] ?? 0), 0);
    },
    ...(threads && { threadCpu: (pid, tid) => threads[`${pid} ${tid}`] ?? 0 }),
    ...(processes && { processCpu: (pid) => processes[pid] ?? 0 }),
  };
}
