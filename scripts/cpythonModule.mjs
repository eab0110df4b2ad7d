// Runs one module of CPython's own tests, for cpythonTests.mjs.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endGroupNow, run } from './vscode/process.mjs';

/**
 * How the tests of a module went. Without results the run did not come to its end.
 * @typedef {{results: Map<string, string>, ending: string, seconds: number, output: string}} ModuleRun
 */
/** @typedef {{python: string, scratch: string, resources: string[], timeout: number}} Side what both runs share */

// Left out: it hangs by itself, bare, in one run of fifteen (3.13.0: the thread that ends the pool joins the queue's
// while it holds the lock that the queue's waits for).
const unreliable = ['test_shutdown_deadlock_pickle'];
// Left out: they ask Python's allocators for their name and for their statistics, which they have only as long as nobody
// has put a layer on top of them, as memory profiling and tracemalloc do.
const asksAllocator = ['test_pythonmalloc', 'test_xdev', 'test_debugmallocstats'];

// JUnit's XML read by the interpreter under test, bare: name → passed, skipped, failed or error.
const reader = `
import json, sys, xml.etree.ElementTree as tree
found = {}
for case in tree.parse(sys.argv[1]).iter("testcase"):
    kinds = {child.tag for child in case}
    result = next((kind for kind in ("error", "failure", "skipped") if kind in kinds), "passed")
    found[case.get("name").split(" (")[0]] = result
print(json.dumps(found))
`;

/** The environment of a bare run. */
export function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(PYTHON|LINEHEAT|LD_|VIRTUAL_ENV|PYENV_VERSION)/.test(name),
  );
  return Object.fromEntries(kept);
}

/**
 * Runs one test module, or only the tests named.
 * @param {string} module
 * @param {string[]} only
 * @param {Side & {environment: NodeJS.ProcessEnv}} side
 * @returns {Promise<ModuleRun>}
 */
export async function runModule(module, only, side) {
  const { python, scratch, environment, resources, timeout } = side;
  const folder = mkdtempSync(join(scratch, 'test-'));
  mkdirSync(join(folder, 'tmp'));
  const xml = join(folder, 'results.xml');
  const selected = [
    ...only.flatMap((name) => ['-m', name]),
    ...[...unreliable, ...asksAllocator].flatMap((name) => ['-i', name]),
  ];
  const args = ['-m', 'test', '-v', '-u', resources.join(), '--junit-xml', xml];
  const started = Date.now();
  const { ending, output } = await runGroup(
    python,
    [...args, '--tempdir', join(folder, 'tmp'), ...selected, module],
    { cwd: folder, env: environment, timeoutMs: timeout * 1000 },
  );
  const seconds = (Date.now() - started) / 1000;
  /** @type {Map<string, string>} */
  let results = new Map();
  if (existsSync(xml)) {
    const read = await run(python, ['-c', reader, xml], { env: cleanEnvironment(), quiet: true });
    if (read.code === 0) results = new Map(Object.entries(JSON.parse(read.output)));
  }
  rmSync(folder, { recursive: true, force: true });
  return { results, ending, seconds, output };
}

/**
 * Runs a command as a process group, which ends with it: tests leave processes behind.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd: string, env: NodeJS.ProcessEnv, timeoutMs: number}} options
 * @returns {Promise<{ending: string, output: string}>}
 */
function runGroup(command, args, { timeoutMs, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...options,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let expired = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-1e6)));
    }
    const timer = setTimeout(() => {
      expired = true;
      endGroupNow(child);
    }, timeoutMs);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      endGroupNow(child);
      resolve({ ending: expired ? 'timeout' : (signal ?? `exit ${code}`), output });
    });
  });
}
