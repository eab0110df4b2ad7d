// Starting VS Code with Lineheat in it: the desktop one a person already has, or code-server.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endGroup, endGroupNow, freePort, Problem, run, tail, which } from './process.mjs';

/** @import {ChildProcess} from 'node:child_process' */
/** @import {CodeServer} from './install.mjs' */
/**
 * @typedef {object} RunningServer
 * @property {string} url
 * @property {number} port
 * @property {string} logs folder in which VS Code keeps its logs
 * @property {ChildProcess} child
 * @property {() => Promise<void>} stop
 */

/** User settings for a window with nothing in it but what was asked for. */
export const quietSettings = {
  'chat.disableAIFeatures': true,
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'git.autofetch': false,
  'security.workspace.trust.enabled': false,
};

/** The command of a desktop VS Code that can show a window here; null if there is none. */
export function findDesktop() {
  const code = which('code') ?? which('code-insiders') ?? which('codium');
  if (!code) return null;
  const insideVsCode = Boolean(process.env.VSCODE_IPC_HOOK_CLI);
  if (insideVsCode) return code;
  const noDisplay =
    process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;
  // Desktop VS Code refuses to run as root.
  return noDisplay || process.getuid?.() === 0 ? null : code;
}

/**
 * Installs the extension in the person's own VS Code and opens the folder, and the file in it.
 * @param {string} code
 * @param {{vsix: string, folder: string, file?: string}} target
 */
export async function openDesktop(code, { vsix, folder, file }) {
  const installed = await run(code, ['--install-extension', vsix, '--force'], { quiet: true });
  if (installed.code !== 0) {
    throw new Problem(
      `VS Code (${code}) could not install ${vsix}: ${tail(installed.output, 5)}\nInstall it by hand with “Extensions: Install from VSIX…”.`,
    );
  }
  const opened = await run(code, [folder, ...(file ? ['--goto', file] : [])], { quiet: true });
  if (opened.code !== 0) {
    throw new Problem(`VS Code (${code}) could not open ${folder}: ${tail(opened.output, 5)}`);
  }
}

/**
 * Installs extensions into a code-server profile folder.
 * @param {CodeServer} server
 * @param {{state: string, extensions?: string, vsix: string[]}} options state is the folder that holds user data,
 *   and extensions unless they are elsewhere
 */
export async function installExtensions(server, { state, extensions, vsix }) {
  const args = [server.entry, ...profileArguments(state, extensions), '--force'];
  for (const file of vsix) args.push('--install-extension', file);
  const { code, output } = await run(server.node, args, {
    quiet: true,
    env: serverEnvironment(state),
    timeoutMs: 120_000,
  });
  if (code !== 0 || /failed/i.test(output)) {
    throw new Problem(`code-server could not install ${vsix.join(', ')}: ${tail(output, 8)}`);
  }
}

/**
 * Writes the user settings of a code-server profile folder.
 * @param {string} state
 * @param {Record<string, unknown>} settings
 */
export function writeSettings(state, settings) {
  // Settings of machine scope, such as an interpreter, only count in the second of these.
  for (const scope of ['User', 'Machine']) {
    const folder = join(state, 'user-data', scope);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings, null, 2));
  }
}

/**
 * Starts code-server and waits until it answers.
 * @param {CodeServer} server
 * @param {{state: string, extensions?: string, port?: number, host?: string, env?: Record<string, string>, trust?: boolean}} options
 *   trust false: whether a folder is trusted is up to the settings, as it is in a VS Code that was just installed
 * @returns {Promise<RunningServer>}
 */
export async function startCodeServer(
  server,
  { state, extensions, port, host = '127.0.0.1', env = {}, trust = true },
) {
  const chosen = port ?? (await freePort());
  mkdirSync(state, { recursive: true });
  const log = join(state, 'code-server.log');
  const output = createWriteStream(log, { flags: 'a' });
  const child = spawn(
    server.node,
    [
      server.entry,
      ...profileArguments(state, extensions),
      ...['--auth', 'none', '--bind-addr', `${host}:${chosen}`],
      ...['--disable-telemetry', '--disable-update-check'],
      ...(trust ? ['--disable-workspace-trust'] : []),
      '--disable-getting-started-override',
    ],
    {
      env: { ...serverEnvironment(state), ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  // It is in a process group of its own: without this it would outlive a script that is interrupted.
  const orphaned = () => {
    if (child.exitCode === null && child.signalCode === null) endGroupNow(child);
  };
  process.once('exit', orphaned);
  child.once('exit', () => process.off('exit', orphaned));
  child.stdout.pipe(output);
  child.stderr.pipe(output);
  const url = `http://${host}:${chosen}`;
  try {
    await answers(url, child, log);
  } catch (error) {
    await endGroup(child);
    throw error;
  }
  return {
    url,
    port: chosen,
    logs: join(state, 'user-data', 'logs'),
    child,
    stop: () => endGroup(child),
  };
}

/**
 * The address that opens a folder, and a file in it, in a browser.
 * @param {string} url
 * @param {string} folder
 * @param {string} [file]
 */
export function windowUrl(url, folder, file) {
  const address = new URL(url);
  address.searchParams.set('folder', folder);
  if (file) {
    address.searchParams.set(
      'payload',
      JSON.stringify([['openFile', `vscode-remote://${address.host}${file}`]]),
    );
  }
  return address.href.replaceAll('%2F', '/');
}

/** @param {string} state */
function profileArguments(state, extensions = join(state, 'extensions')) {
  return [
    ...['--user-data-dir', join(state, 'user-data')],
    ...['--extensions-dir', extensions],
    ...['--config', join(state, 'config.yaml')],
  ];
}

/**
 * code-server started from a terminal of VS Code would otherwise talk to that window instead of being a server.
 * @param {string} state
 */
function serverEnvironment(state) {
  mkdirSync(state, { recursive: true });
  const config = join(state, 'config.yaml');
  writeFileSync(config, 'cert: false\n');
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_RUN_AS_NODE$|npm_|VITEST|NODE_ENV$|NODE_OPTIONS$)/.test(name),
  );
  return { ...Object.fromEntries(inherited), CODE_SERVER_CONFIG: config };
}

/**
 * @param {string} url
 * @param {ChildProcess} child
 * @param {string} log
 */
async function answers(url, child, log) {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Problem(
        `code-server stopped as it started (exit ${child.exitCode ?? child.signalCode}); see ${log}. Is the port of ${url} taken?`,
      );
    }
    try {
      if ((await fetch(`${url}/healthz`)).ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Problem(`code-server did not answer at ${url} within 60 s; see ${log}.`);
}
