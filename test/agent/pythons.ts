/** The interpreters that the agent is tested with: every CPython it supports that this machine has. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensureNumpy } from '../../scripts/numpy.mjs';
import { cachedPythons } from '../../scripts/pythons.mjs';
import { ensureWheel } from '../../scripts/wheel.mjs';
import { cleanEnvironment } from './programs';

export interface Python {
  /** `3.12`, or `3.11 /usr/bin/python3` for the system's. */
  name: string;
  path: string;
  minor: number;
}

const oldest = 9;
const newest = 15;
const system = '/usr/bin/python3';

interface Found extends Python {
  major: number;
  /** The interpreter is the executable itself, not a shared library: Debian's. */
  isStatic: boolean;
}

const probe =
  'import sys, sysconfig; print(sys.version_info[0], sys.version_info[1], int(not sysconfig.get_config_var("Py_ENABLE_SHARED")), sys.implementation.name == "cpython")';

function ask(path: string): Found | undefined {
  try {
    const text = execFileSync(path, ['-c', probe], {
      encoding: 'utf8',
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 20_000,
    });
    const [major, minor, isStatic, cpython] = text.trim().split(' ');
    if (cpython !== 'True') return undefined;
    const name = `${major}.${minor}`;
    return { name, path, major: Number(major), minor: Number(minor), isStatic: isStatic === '1' };
  } catch {
    return undefined;
  }
}

/** Interpreters built by pyenv, newest patch first, then those that scripts/pythons.mjs fetched, then what PATH has. */
function candidates(): string[] {
  const versions = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions');
  const patches = existsSync(versions) ? readdirSync(versions) : [];
  patches.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const names = ['python3'];
  for (let minor = newest; minor >= oldest; minor--) names.push(`python3.${minor}`);
  const onPath = (process.env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return [
    ...patches.map((patch) => join(versions, patch, 'bin', 'python')),
    ...cachedPythons(),
    ...names.flatMap((name) => onPath.map((folder) => join(folder, name))),
  ].filter((path) => existsSync(path) && !path.includes('/shims/'));
}

function discover(): { supported: Python[]; unsupported: Python[] } {
  const supported = new Map<number, Found>();
  const unsupported = new Map<string, Found>();
  const seen = new Set<string>();
  for (const path of candidates()) {
    const real = realpathSync(path);
    if (seen.has(real) || real === realpathSync(system)) continue;
    seen.add(real);
    const found = ask(path);
    if (!found) continue;
    if (found.major !== 3 || found.minor < oldest || found.minor > newest) {
      if (!unsupported.has(found.name)) unsupported.set(found.name, found);
    } else if (!supported.has(found.minor)) {
      supported.set(found.minor, found);
    }
  }
  const debian = existsSync(system) ? ask(system) : undefined;
  const all: Python[] = [...supported.values()].sort((a, b) => a.minor - b.minor);
  if (debian && debian.major === 3 && debian.minor >= oldest && debian.minor <= newest) {
    all.push({ ...debian, name: `${debian.name} (${debian.isStatic ? 'static, ' : ''}${system})` });
  }
  return { supported: all, unsupported: [...unsupported.values()] };
}

const found = discover();
const chosen = process.env['LINEHEAT_TEST_PYTHON']?.split(',');

/** What to test with; LINEHEAT_TEST_PYTHON=3.9,3.12 leaves only those. */
export const pythons: Python[] = found.supported.filter(
  ({ name }) => !chosen || chosen.includes(name.split(' ')[0]!),
);
const minors = pythons.map(({ minor }) => minor);
const ends = [Math.min(...minors), Math.max(...minors)];
/** The oldest and the newest of them, for what is the same with every interpreter. */
export const fewPythons: Python[] = pythons.filter(
  ({ minor }, index) => ends.includes(minor) && minors.indexOf(minor) === index,
);
/** CPythons that the agent does not know: 3.8 and older, and what is newer than the newest. */
export const unsupportedPythons: Python[] = found.unsupported;

/** A folder for PYTHONPATH that holds numpy for this interpreter, installed once into the cache. */
export function numpyFolder({ minor, path }: Python): Promise<string> {
  return ensureNumpy(minor, [path, ...found.supported.map((python) => python.path)]);
}

/** The same with greenlet, for the versions that have had a release of it: up to 3.14. */
export function greenletFolder({ minor, path }: Python): Promise<string> {
  return ensureWheel('greenlet', '3.2.4', minor, [
    path,
    ...found.supported.map((python) => python.path),
  ]);
}

/** The same with a library of greenlets: the newest version that each Python has had, or a given one. */
export function greenletHubFolder(
  name: 'gevent' | 'eventlet',
  python: Python,
  given?: string,
): Promise<string> {
  const old = python.minor === 9;
  const newest = name === 'gevent' ? (old ? '25.9.1' : '26.9.0') : old ? '0.40.4' : '0.41.3';
  const version = given ?? newest;
  const asked = [python.path, ...found.supported.map(({ path }) => path)];
  return ensureWheel(name, version, python.minor, asked);
}

/** The same with event loops that are not asyncio's own. */
export async function eventLoopsFolder({ minor, path }: Python): Promise<string> {
  const asked = [path, ...found.supported.map((python) => python.path)];
  const folders: string[] = [];
  for (const [name, version] of [
    ['uvloop', '0.22.1'],
    ['trio', '0.32.0'],
    ['anyio', '4.12.1'],
  ] as const) {
    folders.push(await ensureWheel(name, version, minor, asked));
  }
  return folders.join(':');
}
