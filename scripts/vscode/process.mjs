// Running other programs: nothing here knows about VS Code. Node builtins only, so that it works before `npm ci`.
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A failure a person can act on: printed without a stack trace. */
export class Problem extends Error {}

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, quiet?: boolean, timeoutMs?: number}} [options]
 *   quiet collects the output instead of showing it.
 * @returns {Promise<{code: number, output: string}>} code 127 when it could not be started, 124 after the timeout.
 */
export function run(command, args, { cwd, env, quiet = false, timeoutMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    let output = '';
    let expired = false;
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            expired = true;
            child.kill('SIGKILL');
          }, timeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: 127, output: error.message });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal && !expired) output += `\n${command} was ended by ${signal}.`;
      resolve({ code: expired ? 124 : (code ?? 1), output });
    });
  });
}

/**
 * Absolute path of a program on PATH, or null.
 * @param {string} name
 */
export function which(name, path = process.env.PATH ?? '') {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  for (const folder of path.split(delimiter).filter(Boolean)) {
    for (const suffix of suffixes) {
      const candidate = join(folder, name + suffix);
      try {
        accessSync(candidate, constants.X_OK);
        if (statSync(candidate).isFile()) return candidate;
      } catch {
        // Not here: the next folder may have it.
      }
    }
  }
  return null;
}

/**
 * A TCP port nobody listens on.
 * @returns {Promise<number>}
 */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/**
 * The last lines of a long output.
 * @param {string} text
 */
export function tail(text, lines = 15) {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/**
 * Ends a process and everything it started, politely first.
 * @param {import('node:child_process').ChildProcess} child started with `detached: true`
 */
export async function endGroup(child, graceMs = 3000) {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  /** @param {NodeJS.Signals} name */
  const signal = (name) => {
    try {
      if (process.platform === 'win32') child.kill(name);
      else process.kill(-pid, name);
    } catch {
      // Already gone.
    }
  };
  signal('SIGTERM');
  const timer = setTimeout(() => signal('SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
}

/**
 * Ends a process and everything it started, without waiting.
 * @param {import('node:child_process').ChildProcess} child started with `detached: true`
 */
export function endGroupNow(child) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/**
 * Whether Node was started with a module, rather than with one that imports it.
 * @param {string} url the module's `import.meta.url`
 */
export function isStarted(url) {
  const script = process.argv[1];
  return script !== undefined && url === pathToFileURL(script).href;
}

/**
 * Runs a script's main function; a Problem is one clear sentence, anything else is a bug with its trace.
 * @param {() => Promise<number | void>} body returns the exit code, or nothing
 */
export async function main(body) {
  try {
    const code = await body();
    if (typeof code === 'number') process.exitCode = code;
  } catch (error) {
    console.error(error instanceof Problem ? error.message : error);
    process.exitCode = 1;
  }
}
