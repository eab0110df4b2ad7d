// The peers' own Python environment, in the cache: nothing is installed into an interpreter of the user's.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../scripts/vscode/install.mjs';
import { Problem, run, tail } from '../../scripts/vscode/process.mjs';
import { resolvePython } from '../results.mjs';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
const benchmarks = ['async_tree', 'docutils', 'fannkuch', 'mdp', 'pprint', 'raytrace', 'sympy'];

/** The Python that most peers support, where this machine has it. */
export function findPython() {
  const folder = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const built = existsSync(folder)
    ? readdirSync(folder).filter((name) => /^3\.12\./.test(name))
    : [];
  const found = [...built.map((name) => join(folder, name, 'bin', 'python')), 'python3.12'];
  return found.find(canRun) ?? 'python3';
}

/** @param {string} command */
function canRun(command) {
  try {
    execFileSync(command, ['-c', ''], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * @typedef {object} Peers
 * @property {string} bin scripts of the environment
 * @property {string} python its interpreter
 * @property {string} version
 * @property {string} programs copies of pyperformance's benchmarks, outside of the environment, where some profilers do not look
 * @property {Record<string, string>} versions of the peers, by package
 */

/**
 * Makes sure that the peers are installed.
 * @param {string | undefined} chosen interpreter to make the environment with; the best known one when undefined
 * @returns {Promise<Peers>}
 */
export async function ensurePeers(chosen) {
  const [base, version] = resolvePython(chosen ?? findPython());
  const pinned = readFileSync(requirements, 'utf8');
  const key = createHash('sha256')
    .update(`${base} ${version}\n${pinned}`)
    .digest('hex')
    .slice(0, 8);
  const folder = join(cacheFolder(), `bench-peers-${version}-${key}`);
  const environment = join(folder, 'venv');
  const bin = join(environment, 'bin');
  const python = join(bin, 'python');
  const programs = join(folder, 'programs');
  const complete = join(folder, 'complete');
  if (!existsSync(complete)) {
    console.error(`Installing the peers into ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    await install(base, ['-m', 'venv', environment]);
    await install(python, [
      ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
      ...['--only-binary=:all:', '--requirement', requirements],
    ]);
    const where = 'import pyperformance; print(pyperformance.__path__[0])';
    const source = execFileSync(python, ['-c', where], { encoding: 'utf8' }).trim();
    for (const name of benchmarks) {
      const from = join(source, 'data-files', 'benchmarks', `bm_${name}`);
      cpSync(from, join(programs, `bm_${name}`), { recursive: true });
    }
    writeFileSync(complete, '');
  }
  const versions = Object.fromEntries(
    [...pinned.matchAll(/^([\w-]+)==(.*)$/gm)].map(([, name, number]) => [name, number]),
  );
  return { bin, python, version, programs, versions };
}

/**
 * @param {string} command
 * @param {string[]} args
 */
async function install(command, args) {
  const { code, output } = await run(command, args, { quiet: true, timeoutMs: 600_000 });
  if (code === 0) return;
  throw new Problem(
    `The peers could not be installed: ${command} ${args.join(' ')}\n${tail(output, 8)}`,
  );
}
