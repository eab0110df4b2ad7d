// `npm start [-- file.py] [--browser] [--port N]`: builds Lineheat and opens a real VS Code with it.
// Uses only what Node brings until `npm ci` has run.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureModules } from './modules.mjs';
import { cacheFolder, ensureCodeServer } from './vscode/install.mjs';
import * as launch from './vscode/launch.mjs';
import { main, Problem, run, tail, which } from './vscode/process.mjs';

/** @typedef {{browser: boolean, port?: number, file?: string}} Options */

const root = fileURLToPath(new URL('..', import.meta.url));
const vsix = join(root, 'artifacts', 'lineheat.vsix');
const state = join(cacheFolder(), 'start');

await main(async () => {
  const options = readArguments(process.argv.slice(2));
  requireTools();
  await ensureModules();
  await quietly('package', 'Building Lineheat …');

  const desktop = options.browser ? null : launch.findDesktop();
  if (desktop) {
    console.log(`Installing Lineheat into ${desktop} …`);
    await launch.openDesktop(desktop, { vsix, ...options });
    console.log(
      'Lineheat is ready in VS Code. `npm start -- --browser` opens a separate one instead.',
    );
    return;
  }
  await startInBrowser(options);
});

/**
 * @param {string[]} args
 * @returns {Options & {folder: string}} without a file where a folder is named
 */
function readArguments(args) {
  /** @type {Options} */
  const options = { browser: false };
  const rest = args[Symbol.iterator]();
  for (const word of rest) {
    if (word === '--browser') options.browser = true;
    else if (word === '--port') options.port = readPort(rest.next().value);
    else if (word === '--' || word === '') continue;
    else if (word.startsWith('-')) throw new Problem(usage(`“${word}” is not an option.`));
    else if (options.file) throw new Problem(usage('Name one file.'));
    else options.file = resolve(process.env.INIT_CWD ?? process.cwd(), word);
  }
  const { file = join(root, 'examples', 'tour.py'), ...others } = options;
  if (!existsSync(file)) throw new Problem(usage(`${file} does not exist.`));
  if (statSync(file).isDirectory()) return { ...others, folder: file };
  return { ...others, file, folder: dirname(file) };
}

/** @param {string | undefined} text */
function readPort(text) {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new Problem(usage(`“${text ?? ''}” is not a port.`));
}

/** @param {string} complaint */
function usage(complaint) {
  return `${complaint} Use: npm start [-- file.py] [--browser] [--port N]`;
}

function requireTools() {
  if (Number.parseInt(process.versions.node) < 20)
    throw new Problem(`Lineheat needs Node.js 20 or later; this is ${process.version}.`);
  if (process.platform === 'linux' && (!which('make') || !(which('cc') ?? which('gcc')))) {
    throw new Problem(
      'Lineheat builds its profiler with a C compiler and make, and one of them is missing. Run `sudo apt-get install build-essential` (or the like), then try again.',
    );
  }
  if (!which('python3') && !which('python')) {
    throw new Problem('No Python was found on PATH. Install Python 3.9 or later, then try again.');
  }
}

/**
 * @param {string} script
 * @param {string} what
 */
async function quietly(script, what) {
  console.log(what);
  const { code, output } = await run('npm', ['run', '--silent', script], {
    cwd: root,
    quiet: true,
  });
  if (code !== 0) {
    throw new Problem(
      `Building Lineheat failed (npm run ${script}, exit ${code}):\n${tail(output, 30)}`,
    );
  }
}

/** @param {Options & {folder: string}} options */
async function startInBrowser({ folder, file, port }) {
  const install = await ensureCodeServer();
  await installOnce(install);
  if (!existsSync(join(state, 'user-data', 'User', 'settings.json'))) {
    launch.writeSettings(state, {
      ...launch.quietSettings,
      'workbench.colorTheme': 'Default Dark Modern',
      'editor.minimap.enabled': false,
    });
  }
  const server = await launch.startCodeServer(install, { state, ...(port ? { port } : {}) });
  console.log(`Lineheat is ready: ${launch.windowUrl(server.url, folder, file)}`);
  console.log('Click the flame at the top right of the editor. Ctrl-C here ends it.');
  await new Promise((done) => {
    process.once('SIGINT', done);
    process.once('SIGTERM', done);
    server.child.once('exit', done);
  });
  if (server.child.exitCode !== null) {
    throw new Problem(`code-server ended by itself; see ${join(state, 'code-server.log')}.`);
  }
  await server.stop();
}

/**
 * Installing takes seconds, so it is left out when this very package is installed.
 * @param {import('./vscode/install.mjs').CodeServer} install
 */
async function installOnce(install) {
  const hash = createHash('sha256').update(readFileSync(vsix)).digest('hex');
  const stamp = join(state, 'installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  await launch.installExtensions(install, { state, vsix: [vsix] });
  writeFileSync(stamp, hash);
}
