// A real VS Code from package registries alone: code-server, built once into a cache outside the checkout.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Problem, run, tail, which } from './process.mjs';

/**
 * @typedef {object} CodeServer
 * @property {string} folder
 * @property {string} node the Node to run it with
 * @property {string} entry its entry script
 */
/** @typedef {{codeServer: string, node: string, ripgrep?: string}} Release */
/** @typedef {{node: string, cli: string}} Npm a Node, and npm's own script */

/**
 * Versions of code-server, each with a Node of the one major version that it runs on. LINEHEAT_CODE_SERVER chooses; the newest
 * otherwise.
 * @type {Record<string, Release>}
 */
const releases = {
  newest: { codeServer: '4.139.1', node: '24.21.0' },
  // VS Code 1.93. The package promises 1.91, but npm has no code-server between VS Code 1.90 and this.
  // Its own package of ripgrep fetches `rg` from GitHub; newer ones bring it.
  oldest: { codeServer: '4.93.1', node: '20.20.2', ripgrep: '1.18.0' },
};

const debianPackages = {
  compiler: 'build-essential',
  python: 'python3',
  pkgConfig: 'pkg-config',
};
/** By the names that pkg-config knows. */
const debianLibraries = {
  'krb5-gssapi': 'libkrb5-dev',
  'libsecret-1': 'libsecret-1-dev',
  x11: 'libx11-dev',
  xkbfile: 'libxkbfile-dev',
};

/** Where Lineheat keeps what it downloads. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lineheat');
}

/** Debian packages that building code-server needs and this machine lacks. */
export async function missingPackages() {
  const missing = [];
  const compiler = which('c++') ?? which('g++') ?? which('clang++');
  if (!compiler || !which('make')) missing.push(debianPackages.compiler);
  if (!which('python3')) missing.push(debianPackages.python);
  const pkgConfig = which('pkg-config');
  if (!pkgConfig) missing.push(debianPackages.pkgConfig);
  for (const [library, name] of Object.entries(debianLibraries)) {
    const found =
      pkgConfig && (await run(pkgConfig, ['--exists', library], { quiet: true })).code === 0;
    if (!found) missing.push(name);
  }
  return missing;
}

/**
 * Makes sure code-server is in the cache, building it the first time (about 4 minutes, 800 MB).
 * @param {(line: string) => void} say
 * @returns {Promise<CodeServer>}
 */
export async function ensureCodeServer(say = console.log) {
  const platform = supportedPlatform();
  const release = chosenRelease();
  const folder = join(cacheFolder(), `code-server-${release.codeServer}-${release.node}`);
  const installed = layout(folder, platform);
  if (existsSync(join(folder, 'complete')) && existsSync(installed.entry)) return installed;

  const missing = await missingPackages();
  if (missing.length > 0) {
    throw new Problem(
      `VS Code for the browser (code-server) has to be built once, and that needs packages this machine lacks. Run\n` +
        `  sudo apt-get install ${missing.join(' ')}\n` +
        `(or the same libraries with your package manager), or install desktop VS Code so that \`code\` is on PATH, then try again.`,
    );
  }
  const temporary = `${folder}.${process.pid}.partial`;
  const forget = () => rmSync(temporary, { recursive: true, force: true });
  const interrupted = () => {
    forget();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    removeLeftovers();
    mkdirSync(temporary, { recursive: true });
    say(
      `Building VS Code for the browser (code-server ${release.codeServer}), once: about 4 minutes …`,
    );
    await build(temporary, platform, release);
    writeFileSync(join(temporary, 'complete'), '');
    publish(temporary, folder);
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    forget();
  }
  return installed;
}

function chosenRelease() {
  const name = process.env.LINEHEAT_CODE_SERVER || 'newest';
  const release = Object.hasOwn(releases, name) ? releases[name] : undefined;
  if (release) return release;
  throw new Problem(
    `LINEHEAT_CODE_SERVER is ${name}; it can be ${Object.keys(releases).join(' or ')}.`,
  );
}

function supportedPlatform() {
  if (process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)) {
    return `linux-${process.arch}`;
  }
  throw new Problem(
    `Desktop VS Code was not found, and code-server is only set up here for Linux on x86-64 and arm64, not ${process.platform} on ${process.arch}. ` +
      "Install VS Code, run “Shell Command: Install 'code' command in PATH” from its command palette, then try again.",
  );
}

/**
 * @param {string} folder
 * @param {string} platform
 */
function layout(folder, platform) {
  return {
    folder,
    node: join(folder, 'node', 'node_modules', `node-${platform}`, 'bin', 'node'),
    entry: join(codeServerFolder(folder), 'out', 'node', 'entry.js'),
  };
}

/** @param {string} folder */
function codeServerFolder(folder) {
  return join(folder, 'code-server', 'node_modules', 'code-server');
}

/**
 * @param {string} folder
 * @param {string} platform
 * @param {Release} release
 */
async function build(folder, platform, release) {
  const npm = npmCommand();
  const nodeRoot = join(folder, 'node', 'node_modules', `node-${platform}`);
  await npmInstall(npm, join(folder, 'node'), `node-${platform}@${release.node}`, process.env);

  const nodeBin = join(nodeRoot, 'bin');
  // A parent npm (`npm start`) describes itself in these variables, and code-server's install script would take it for its own.
  const parentNpm = ['npm_config_user_agent', 'npm_node_execpath', 'npm_execpath', 'INIT_CWD'];
  const env = {
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !parentNpm.includes(name)),
    ),
    PATH: `${npmShim(folder, nodeBin, npm)}:${nodeBin}:${process.env.PATH}`,
    npm_config_nodedir: nodeRoot,
    npm_config_build_from_source: 'true',
    npm_config_unsafe_perm: 'true',
    // npm 11 asks before running install scripts; earlier versions do not know the setting and ignore it.
    npm_config_dangerously_allow_all_scripts: 'true',
    ...(release.ripgrep ? { npm_config_script_shell: shellForScripts(folder) } : {}),
  };
  await npmInstall(
    { node: join(nodeBin, 'node'), cli: npm.cli },
    join(folder, 'code-server'),
    `code-server@${release.codeServer}`,
    env,
  );
  if (release.ripgrep) await addRipgrep(npm, folder, platform, release.ripgrep);
  const { node, entry } = layout(folder, platform);
  const check = await run(node, [entry, '--version'], { quiet: true, timeoutMs: 60_000 });
  if (check.code !== 0 || !check.output.includes(release.codeServer)) {
    throw new Problem(
      `code-server ${release.codeServer} was built but does not run: ${tail(check.output, 5)}\nInstall desktop VS Code so that \`code\` is on PATH, or report this.`,
    );
  }
}

/**
 * A folder with an `npm` for install scripts that call it. The launcher next to npm's own files looks for npm where the
 * Node that runs it is, and this Node came without one.
 * @param {string} folder
 * @param {string} nodeBin
 * @param {Npm} npm
 */
function npmShim(folder, nodeBin, npm) {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  /** @param {string} text */
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  writeFileSync(
    join(bin, 'npm'),
    `#!/bin/sh\nexec ${quoted(join(nodeBin, 'node'))} ${quoted(npm.cli)} "$@"\n`,
    { mode: 0o755 },
  );
  return bin;
}

/**
 * A shell for install scripts that leaves out the one of @vscode/ripgrep: nothing but registries is reached.
 * @param {string} folder
 */
function shellForScripts(folder) {
  const shell = join(folder, 'bin', 'sh');
  writeFileSync(
    shell,
    '#!/bin/sh\ncase "$PWD" in */@vscode/ripgrep) exit 0 ;; esac\nexec /bin/sh "$@"\n',
    { mode: 0o755 },
  );
  return shell;
}

/**
 * Puts `rg` of a newer package where this code-server looks for it.
 * @param {Npm} npm
 * @param {string} folder
 * @param {string} platform
 * @param {string} version
 */
async function addRipgrep(npm, folder, platform, version) {
  const name = `@vscode/ripgrep-${platform}`;
  await npmInstall(npm, join(folder, 'ripgrep'), `${name}@${version}`, process.env);
  const modules = join(codeServerFolder(folder), 'lib', 'vscode', 'node_modules');
  const target = join(modules, '@vscode', 'ripgrep', 'bin');
  cpSync(join(folder, 'ripgrep', 'node_modules', name, 'bin'), target, { recursive: true });
}

/**
 * @param {Npm} npm
 * @param {string} folder
 * @param {string} spec
 * @param {NodeJS.ProcessEnv} env
 */
async function npmInstall({ node, cli }, folder, spec, env) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const args = [cli, 'install', spec, '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await run(node, args, { cwd: folder, env, quiet: true });
  if (code === 0) return;
  const log = join(cacheFolder(), 'install.log');
  writeFileSync(log, output);
  throw new Problem(
    `npm could not install ${spec} (exit ${code}); the full output is in ${log}. Its last lines:\n${tail(output)}\n` +
      'Check the network and the compiler packages named in README.md, or install desktop VS Code so that `code` is on PATH, then try again.',
  );
}

/** npm's own script, so that it can be run with a chosen Node. */
function npmCommand() {
  const candidates = [process.env.npm_execpath, which('npm')];
  for (const candidate of candidates) {
    if (candidate && readsAsScript(candidate)) return { node: process.execPath, cli: candidate };
  }
  throw new Problem(
    'npm was not found on PATH. Install Node.js 20 or later with npm, then try again.',
  );
}

/** @param {string} path */
function readsAsScript(path) {
  return existsSync(path) && readFileSync(path, 'utf8').startsWith('#!/usr/bin/env node');
}

/**
 * Another process may have finished the same build first; then its result is as good.
 * @param {string} temporary
 * @param {string} folder
 */
function publish(temporary, folder) {
  if (existsSync(folder) && !existsSync(join(folder, 'complete'))) {
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    renameSync(temporary, folder);
  } catch (error) {
    if (!existsSync(join(folder, 'complete'))) throw error;
  }
}

/** Builds that a killed process left behind. */
function removeLeftovers() {
  if (!existsSync(cacheFolder())) return;
  for (const name of readdirSync(cacheFolder())) {
    const pid = /\.(\d+)\.partial$/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) {
      rmSync(join(cacheFolder(), name), { recursive: true, force: true });
    }
  }
}
