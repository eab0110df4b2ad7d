// `npm test`, or `node scripts/test.mjs [check|unit|fuzz|agent|editor …] [--filter NAME]`: the suites in order, then one
// line `N passed, N failed`. Exit code 1 when anything failed or could not run.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { ensurePythons } from './pythons.mjs';
import { ensureCodeServer } from './vscode/install.mjs';
import { main, Problem, run } from './vscode/process.mjs';

/** @import {JsonTestResults} from 'vitest/reporters' */
/** @typedef {[program: string, ...args: string[]]} Command */
/** @typedef {{suite: string, passed: number, failed: number, skipped: number, seconds: number, failures?: string[]}} SuiteResult */

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, 'artifacts', 'test');
const suites = ['check', 'unit', 'fuzz', 'agent', 'editor'];
const fuzzSeconds = 60;

await main(async () => {
  const { wanted, filter } = readArguments(process.argv.slice(2));
  process.chdir(root);
  mkdirSync(results, { recursive: true });

  /** @type {SuiteResult[]} */
  const tally = [];
  let built = true;
  if (wanted.some((suite) => suite !== 'check')) {
    built = await step('build', ['npm', 'run', '--silent', 'build']);
    if (built && wanted.includes('editor')) {
      built = await step('package', ['npm', 'run', '--silent', 'package']);
    }
    if (!built) tally.push({ suite: 'build', passed: 0, failed: 1, skipped: 0, seconds: 0 });
  }
  if (built && wanted.includes('agent')) {
    await prepare(ensurePythons, 'The agent is not tested with these versions.');
  }
  // Built before the tests, since that takes longer than a test may.
  if (built && wanted.includes('editor')) {
    await prepare(ensureCodeServer, 'The tests of the editor will fail.');
  }
  for (const suite of wanted) {
    if (suite === 'check') tally.push(await check());
    else if (built && suite === 'fuzz') tally.push(await fuzz());
    else if (built) tally.push(await vitest(suite, filter));
  }
  return report(tally);
});

/** @param {string[]} args */
function readArguments(args) {
  const at = args.indexOf('--filter');
  const filter = at < 0 ? undefined : args.splice(at, 2)[1];
  const unknown = args.find((name) => !suites.includes(name));
  if (unknown !== undefined) {
    throw new Problem(`There is no suite “${unknown}”. Suites: ${suites.join(', ')}.`);
  }
  return {
    wanted: args.length > 0 ? suites.filter((suite) => args.includes(suite)) : suites,
    filter,
  };
}

/**
 * Runs one command with its output shown; says how it went.
 * @param {string} name
 * @param {Command} command
 */
async function step(name, [command, ...args]) {
  console.log(`\n── ${name}`);
  const { code } = await run(command, args);
  if (code !== 0) console.log(`── ${name} failed (exit ${code})`);
  return code === 0;
}

/**
 * Gets what tests need; when that cannot be done, says so and what follows.
 * @param {() => Promise<unknown>} ensure
 * @param {string} otherwise
 */
async function prepare(ensure, otherwise) {
  try {
    await ensure();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    console.log(`\n${error.message}\n${otherwise}`);
  }
}

/** Types, lint and format, each counted as one test. */
async function check() {
  const started = Date.now();
  /** @type {Record<string, Command>} */
  const steps = {
    types: ['npx', 'tsc', '-b'],
    lint: ['npx', 'eslint', '.'],
    format: ['npx', 'prettier', '--check', '--log-level=warn', '.'],
    'format of C and Python': ['node', 'scripts/checkFormat.mjs'],
  };
  let passed = 0;
  for (const [name, command] of Object.entries(steps)) if (await step(name, command)) passed++;
  const failed = Object.keys(steps).length - passed;
  return { suite: 'check', passed, failed, skipped: 0, seconds: (Date.now() - started) / 1000 };
}

/** Mutants of recordings for a minute, counted as one test. */
async function fuzz() {
  const started = Date.now();
  const ok = await step('fuzz', ['npm', 'run', '-s', 'fuzz', '--', '--seconds', `${fuzzSeconds}`]);
  const seconds = (Date.now() - started) / 1000;
  return { suite: 'fuzz', passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, seconds };
}

/**
 * Runs test/{suite} and counts its tests from vitest's own report.
 * @param {string} suite
 * @param {string | undefined} filter
 * @returns {Promise<SuiteResult>}
 */
async function vitest(suite, filter) {
  const started = Date.now();
  const output = join(results, `${suite}.json`);
  rmSync(output, { force: true });
  const seconds = () => (Date.now() - started) / 1000;
  if (!hasTests(join(root, 'test', suite))) {
    console.log(`\n── ${suite}: test/${suite} has no tests`);
    return { suite, passed: 0, failed: 1, skipped: 0, seconds: 0 };
  }
  // Editor journeys and agent tests measure time and share the machine with what they measure: one at a time. A unit test
  // takes a second or two, and many times that where others want the machine as well.
  const slow =
    suite === 'unit'
      ? ['--testTimeout=60000']
      : ['--no-file-parallelism', '--testTimeout=120000', '--hookTimeout=180000'];
  const ok = await step(suite, [
    'npx',
    ...['vitest', 'run', '--root', '.', `test/${suite}`, ...slow],
    ...(filter === undefined ? [] : ['-t', filter]),
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${output}`],
  ]);
  if (!existsSync(output)) {
    console.log(`── ${suite}: vitest ended before it wrote its report`);
    return { suite, passed: 0, failed: 1, skipped: 0, seconds: seconds() };
  }
  /** @type {JsonTestResults} */
  const summary = JSON.parse(readFileSync(output, 'utf8'));
  let failed = summary.numFailedTests;
  // A file that does not load, or an error outside any test, fails the suite without failing a test.
  if (!ok && failed === 0) failed = Math.max(1, summary.numFailedTestSuites);
  const skipped = summary.numPendingTests + summary.numTodoTests;
  const failures = failuresOf(summary);
  return { suite, passed: summary.numPassedTests, failed, failures, skipped, seconds: seconds() };
}

/**
 * A line or two for every test that failed, from vitest's own report.
 * @param {JsonTestResults} summary
 */
function failuresOf({ testResults }) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0 && status === 'failed') return [`${file}\n${firstLines(message)}`];
    return failed.map(
      ({ fullName, failureMessages }) =>
        `${file}: ${fullName}\n${firstLines(failureMessages?.[0])}`,
    );
  });
}

/** What went wrong, and where in our own code: the rest of the stack is vitest's. */
function firstLines(message = '') {
  const [first = '', ...more] = stripVTControlCharacters(message).split('\n');
  const where = more.find((line) => line.includes(`${root}test/`));
  return `    ${first.slice(0, 300)}${where === undefined ? '' : `\n    ${where.trim()}`}`;
}

/** @param {string} folder */
function hasTests(folder) {
  return (
    existsSync(folder) &&
    readdirSync(folder, { recursive: true }).some((name) => /\.test\.ts$/.test(String(name)))
  );
}

/**
 * Prints the result of each suite, and returns the exit code.
 * @param {SuiteResult[]} tally
 */
function report(tally) {
  /** @param {'passed' | 'failed'} key */
  const sum = (key) => tally.reduce((total, suite) => total + suite[key], 0);
  // Failures are listed again, in short, at the end: a log that is cut off keeps its end.
  const failures = tally.flatMap((suite) => suite.failures ?? []);
  if (failures.length > 0) console.log(`\n── failed\n${failures.join('\n')}`);
  console.log('');
  for (const { suite, passed, failed, skipped, seconds } of tally) {
    const counts = `${String(passed).padStart(4)} passed ${String(failed).padStart(4)} failed`;
    const more = skipped > 0 ? ` ${skipped} skipped` : '';
    console.log(`${suite.padEnd(8)}${counts}${more}   ${seconds.toFixed(0)} s`);
  }
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
}
