// `node scripts/cpythonTests.mjs [--python PATH,PATH] [--modules NAME,NAME] [--interval-us N] [--timeout SECONDS]
// [--no-memory] [--verbose]`:
// CPython's own regression tests of what a profiler could disturb, bare and under the agent, and every test whose result
// differs. A test that differs is run again on both sides: what changes its result by itself is called flaky. Exit code 1
// when a difference stays. Takes tens of minutes; one test process at a time.
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment, runModule } from './cpythonModule.mjs';
import { main, Problem, run, tail } from './vscode/process.mjs';

/** @import {ModuleRun, Side} from './cpythonModule.mjs' */
/** @typedef {ReturnType<typeof readArguments>} Options */
/** @typedef {{bare: string, watched: string}} Pair results of one test */
/** @typedef {Pair & {name: string}} Difference */
/** @typedef {Difference & {verdict: 'flaky' | 'DIFFERS'}} Settled */

const root = fileURLToPath(new URL('..', import.meta.url));
/** The slow ones last. A version that lacks a module leaves it out. */
const known = [
  ...[
    'test_tracemalloc',
    'test_capi',
    'test_embed',
    'test_cmd_line',
    'test_sys',
    'test_exceptions',
  ],
  ...['test_mmap', 'test_gc', 'test_thread', 'test_threading', 'test_threadsignals', 'test_signal'],
  ...['test_eintr', 'test_faulthandler', 'test_ctypes', 'test_os', 'test_posix', 'test_fork1'],
  ...['test_wait3', 'test_wait4', 'test_select', 'test_poll', 'test_epoll', 'test_selectors'],
  ...['test_subprocess', 'test_concurrent_futures', 'test_multiprocessing_main_handling'],
  ...['test_multiprocessing_fork', 'test_multiprocessing_forkserver', 'test_multiprocessing_spawn'],
  'test_asyncio',
];
const rerunRounds = 4;

await main(async () => {
  const options = readArguments(process.argv.slice(2));
  const scratch = mkdtempSync(join(tmpdir(), 'lineheat-cpython-'));
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
  // A copy: a build in the meantime changes no run.
  const agent = join(scratch, 'liblineheat.so');
  const built = join(root, 'dist', 'agent', `linux-${process.arch}`, 'liblineheat.so');
  if (!existsSync(built)) throw new Problem('Build the agent first: make -s -C profiler-agent');
  copyFileSync(built, agent);

  let differences = 0;
  for (const python of options.pythons) {
    console.log(`\n${python}`);
    const total = { tests: 0, bare: 0, watched: 0 };
    const { modules, resources } = await ask(python, options.modules ?? known);
    differences += await compareEnvironments(python, agent, scratch, options);
    for (const module of modules) {
      const side = { python, scratch, resources, timeout: options.timeout };
      const bare = await runModule(module, [], { ...side, environment: cleanEnvironment() });
      const environment = { ...cleanEnvironment(), ...underAgent(agent, scratch, options) };
      if (bare.results.size === 0) {
        // Nothing to compare with: that is a failure of this run, not a pass.
        console.log(`FAILED  ${module}: no results bare (${bare.ending})\n${tail(bare.output)}`);
        differences++;
        continue;
      }
      const watched = await runModule(module, [], { ...side, environment });
      const found = await settle(module, compare(bare, watched), { side, environment });
      console.log(line(module, bare, watched, found));
      for (const { name, ...difference } of found) {
        console.log(
          `      ${difference.verdict} ${name}: bare ${difference.bare}, under the agent ${difference.watched}`,
        );
      }
      const real = found.filter(({ verdict }) => verdict === 'DIFFERS');
      if (real.length > 0 && options.verbose) console.log(tail(watched.output, 80));
      differences += real.length;
      total.tests += bare.results.size;
      total.bare += bare.seconds;
      total.watched += watched.seconds;
    }
    console.log(
      `${total.tests} tests, ${total.bare.toFixed(0)} s bare, ${total.watched.toFixed(0)} s under the agent`,
    );
  }
  console.log(`\n${differences} differences`);
  return differences > 0 ? 1 : 0;
});

/** @param {string[]} args */
function readArguments(args) {
  /** @param {string} name */
  const value = (name) => {
    const at = args.indexOf(name);
    if (at < 0) return undefined;
    const [, text] = args.splice(at, 2);
    if (text === undefined) throw new Problem(`${name} needs a value.`);
    return text;
  };
  const options = {
    pythons: value('--python')?.split(',') ?? defaultPythons(),
    modules: value('--modules')?.split(','),
    intervalUs: Number(value('--interval-us') ?? 1000),
    timeout: Number(value('--timeout') ?? 900),
    memory: !args.includes('--no-memory'),
    verbose: args.includes('--verbose'),
  };
  const unknown = args.find((name) => !['--no-memory', '--verbose'].includes(name));
  if (unknown !== undefined) throw new Problem(`${unknown} is not an option here.`);
  return options;
}

/** One old and one new interpreter of pyenv's; Debian leaves the tests out of its own. */
function defaultPythons() {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const names = existsSync(versions) ? readdirSync(versions) : [];
  const found = names
    .filter((name) => /^3\.(9|1\d)\./.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => join(versions, name, 'bin', 'python'));
  if (found.length === 0) throw new Problem(`No interpreter in ${versions}: pass --python PATH.`);
  return found.filter((_, index) => index === 0 || index === found.length - 1);
}

/**
 * @param {string} agent
 * @param {string} scratch
 * @param {Options} options
 */
function underAgent(agent, scratch, { intervalUs, memory }) {
  const runDir = mkdtempSync(join(scratch, 'run-'));
  return {
    LD_PRELOAD: agent,
    LINEHEAT_DIR: runDir,
    LINEHEAT_INTERVAL_US: String(intervalUs),
    LINEHEAT_MEMORY: memory ? '1' : '0',
    ...(intervalUs < 1000 ? { LINEHEAT_BUDGET_PERMILLE: '0' } : {}),
  };
}

/**
 * Whether a program and its child see another environment under the agent than bare. Returns how many do.
 * @param {string} python
 * @param {string} agent
 * @param {string} scratch
 * @param {Options} options
 */
async function compareEnvironments(python, agent, scratch, options) {
  const code = `import json, os, subprocess, sys
say = "import json, os; print(json.dumps(sorted(os.environ.items())))"
exec(say)
sys.stdout.flush()
subprocess.run([sys.executable, "-c", say], check=True)`;
  /** @param {NodeJS.ProcessEnv} environment */
  const printed = async (environment) =>
    (await run(python, ['-c', code], { env: environment, quiet: true })).output;
  const bare = await printed(cleanEnvironment());
  const watched = await printed({
    ...cleanEnvironment(),
    ...underAgent(agent, scratch, options),
  });
  const same = bare === watched && bare.includes('PATH');
  console.log(
    same
      ? 'os.environ: the same'
      : `os.environ DIFFERS:\n  bare ${bare}\n  under the agent ${watched}`,
  );
  return same ? 0 : 1;
}

/**
 * What this version's tests offer: which modules of a list, and which of the resources that time-consuming tests ask for.
 * @param {string} python
 * @param {string[]} modules
 * @returns {Promise<{modules: string[], resources: string[]}>}
 */
async function ask(python, modules) {
  const code = `import importlib.util as u, json
from test.libregrtest.cmdline import ALL_RESOURCES
print(json.dumps({"modules": [n for n in ${JSON.stringify(modules)} if u.find_spec("test." + n)],
 "resources": [n for n in ("cpu", "walltime") if n in ALL_RESOURCES]}))`;
  const { code: status, output } = await run(python, ['-c', code], {
    env: cleanEnvironment(),
    quiet: true,
  });
  if (status !== 0) throw new Problem(`${python} has no tests:\n${tail(output)}`);
  return JSON.parse(output);
}

/**
 * Tests, and the module's own ending, that went differently.
 * @param {ModuleRun} bare
 * @param {ModuleRun} watched
 */
function compare(bare, watched) {
  /** @type {Difference[]} */
  const found = [];
  for (const name of new Set([...bare.results.keys(), ...watched.results.keys()])) {
    const one = bare.results.get(name) ?? 'absent';
    const other = watched.results.get(name) ?? 'absent';
    if (one !== other) found.push({ name, bare: one, watched: other });
  }
  if (found.length === 0 && bare.ending !== watched.ending) {
    found.push({ name: 'the module', bare: bare.ending, watched: watched.ending });
  }
  return found;
}

/**
 * Runs what differed again, on both sides: only what differs every time is a difference.
 * @param {string} module
 * @param {Difference[]} found
 * @param {{side: Side, environment: NodeJS.ProcessEnv}} options
 * @returns {Promise<Settled[]>}
 */
async function settle(module, found, { side, environment }) {
  if (found.length === 0) return [];
  const only = found.map(({ name }) => name).filter((name) => name !== 'the module');
  const tests = found.map(({ name, ...first }) => ({ name, runs: [first] }));
  for (let round = 0; round < rerunRounds; round++) {
    const bare = await runModule(module, only, { ...side, environment: cleanEnvironment() });
    const watched = await runModule(module, only, { ...side, environment });
    for (const { name, runs } of tests) {
      /** @param {ModuleRun} run */
      const of = (run) =>
        name === 'the module' ? run.ending : (run.results.get(name) ?? `absent (${run.ending})`);
      runs.push({ bare: of(bare), watched: of(watched) });
    }
  }
  return tests.map(({ name, runs }) => {
    /** @param {keyof Pair} key */
    const count = (key) =>
      [...new Set(runs.map((each) => each[key]))]
        .map((result) => `${result} ×${runs.filter((each) => each[key] === result).length}`)
        .join(', ');
    // What bare runs can show as well, in the same share or more, is not the agent's doing.
    /** @param {keyof Pair} key */
    const failures = (key) =>
      runs.slice(1).filter((each) => !/^(passed|skipped|exit 0)$/.test(each[key])).length;
    const verdict = failures('watched') <= failures('bare') && !always(runs) ? 'flaky' : 'DIFFERS';
    return { name, verdict, bare: count('bare'), watched: count('watched') };
  });
}

/** @param {Pair[]} runs */
function always(runs) {
  return runs.every(({ bare, watched }) => bare !== watched);
}

/**
 * @param {string} module
 * @param {ModuleRun} bare
 * @param {ModuleRun} watched
 * @param {Settled[]} found
 */
function line(module, bare, watched, found) {
  const { results, ending } = watched;
  const words = ['passed', 'skipped', 'failure', 'error'].flatMap((kind) => {
    const count = [...results.values()].filter((result) => result === kind).length;
    return count > 0 ? [`${count} ${kind}`] : [];
  });
  const times = `${bare.seconds.toFixed(0)} s bare, ${watched.seconds.toFixed(0)} s watched`;
  const verdict = found.some((test) => test.verdict === 'DIFFERS') ? 'DIFFERS' : 'same';
  return `${verdict.padEnd(8)}${module.padEnd(36)}${words.join(', ') || ending} (${times})`;
}
