// Compares what lines allocate and hold at the peak with memray, which records every allocation. Good: a median of ×1.00 at the
// peak; allocated bytes are lower, because memray counts a block that realloc grows twice.
//
//   npm run bench:memory -- [--no-save] [--python PATH] [PROGRAM…]
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../scripts/vscode/install.mjs';
import { run, tail } from '../scripts/vscode/process.mjs';
import { findPython } from './peers/environment.mjs';
import { machine, markdownTable, resolvePython, saveSection } from './results.mjs';
import { median } from './statistics.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const tool = join(here, '../dist/cli.js');
const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: { save: { type: 'boolean', default: true }, python: { type: 'string' } },
});
if (!existsSync(tool)) {
  console.error(`The command line tool is not built (${tool}). Run: npm run build`);
  process.exit(1);
}
const packages = ['memray==1.20.0', 'numpy==2.3.5', 'pandas==2.3.3'];
/** Lines that allocate and hold fewer bytes are left out. */
const smallest = 1e6;

const known = readdirSync(join(here, 'memory'))
  .filter((name) => name.endsWith('.py') && name !== 'read.py')
  .map((name) => basename(name, '.py'));
const unknown = chosen.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No such program: ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
  process.exit(1);
}

const [python, version] = resolvePython(options.python ?? findPython());

/** Installs memray and the packages that the programs import into the cache. Returns a folder for PYTHONPATH. */
async function ensurePackages() {
  const key = createHash('sha256').update(`${python} ${packages}`).digest('hex').slice(0, 8);
  const folder = join(cacheFolder(), `bench-memory-${version}-${key}`);
  if (existsSync(join(folder, 'complete'))) return folder;
  console.error(`Installing ${packages.join(', ')} into ${folder}`);
  rmSync(folder, { recursive: true, force: true });
  const words = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const args = [...words, '--only-binary=:all:', '--target', folder, ...packages];
  const { code, output } = await run(python, args, { quiet: true, timeoutMs: 600_000 });
  if (code !== 0) {
    console.error(`memray could not be installed from PyPI:\n${tail(output, 8)}`);
    process.exit(1);
  }
  writeFileSync(join(folder, 'complete'), '');
  return folder;
}

const PYTHONPATH = await ensurePackages();
const env = { ...process.env, PYTHONPATH, PYTHONHASHSEED: '0', OPENBLAS_NUM_THREADS: '1' };

/**
 * Lineheat's figures of a program: bytes allocated, held at the peak and reserved, by line.
 * @param {string} program
 * @param {string} folder
 * @returns {Map<number, [allocated: number, peak: number, reserved: number]>}
 */
function measureLineheat(program, folder) {
  const json = join(folder, 'report.json');
  const words = [tool, 'run', '--json', json, '--python', python, program];
  execFileSync(process.execPath, words, { env, stdio: 'ignore' });
  /** @type {import('../test/agent/report').Report} */
  const { files } = JSON.parse(readFileSync(json, 'utf8'));
  const lines = files.find(({ path }) => path === program)?.lines ?? [];
  return new Map(
    lines.flatMap(({ line, memory }) =>
      memory ? [[line, [memory.allocated_bytes, memory.peak_bytes, memory.reserved_bytes]]] : [],
    ),
  );
}

/**
 * memray's figures of a program: bytes allocated and held at the peak, by line.
 * @param {string} program
 * @param {string} folder
 * @returns {Map<number, [allocated: number, peak: number]>}
 */
function measureMemray(program, folder) {
  const recording = join(folder, 'memray.bin');
  const words = ['-m', 'memray', 'run', '--quiet', '--trace-python-allocators'];
  execFileSync(python, [...words, '--output', recording, program], { env, stdio: 'ignore' });
  const text = execFileSync(python, [join(here, 'memory/read.py'), recording, program], {
    env,
    encoding: 'utf8',
  });
  /** @type {Record<string, [allocated: number, peak: number]>} */
  const lines = JSON.parse(text);
  return new Map(Object.entries(lines).map(([line, bytes]) => [Number(line), bytes]));
}

/** @param {number} bytes */
const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
/**
 * @param {number} one
 * @param {number} other
 */
const ratio = (one, other) => (other >= smallest ? (one / other).toFixed(2) : undefined);
const head = [
  ...['line', 'allocated', 'memray', 'ratio', 'at the peak', 'memray', 'ratio'],
  ...['reserved', 'code'],
];
/** @type {string[]} */
const sections = [];
/** @type {{allocated: number[], peak: number[]}} */
const ratios = { allocated: [], peak: [] };

for (const name of chosen.length === 0 ? known : chosen) {
  const program = join(here, 'memory', `${name}.py`);
  const folder = mkdtempSync(join(tmpdir(), 'lineheat-bench-'));
  try {
    const lineheat = measureLineheat(program, folder);
    const memray = measureMemray(program, folder);
    const source = readFileSync(program, 'utf8').split('\n');
    const lines = [...new Set([...lineheat.keys(), ...memray.keys()])].sort((a, b) => a - b);
    const rows = lines.flatMap((line) => {
      const [allocated, peak, reserved] = lineheat.get(line) ?? [0, 0, 0];
      const [memrayAllocated, memrayPeak] = memray.get(line) ?? [0, 0];
      if (Math.max(allocated, peak, memrayAllocated, memrayPeak) < smallest) return [];
      if (memrayAllocated >= smallest) ratios.allocated.push(allocated / memrayAllocated);
      if (memrayPeak >= smallest) ratios.peak.push(peak / memrayPeak);
      return [
        [
          String(line),
          ...[megabytes(allocated), megabytes(memrayAllocated), ratio(allocated, memrayAllocated)],
          ...[megabytes(peak), megabytes(memrayPeak), ratio(peak, memrayPeak)],
          reserved >= 1e5 ? megabytes(reserved) : undefined,
          `\`${source[line - 1]?.trim() ?? ''}\``,
        ],
      ];
    });
    const section = `${name}.py, MB\n\n${markdownTable(head, rows)}`;
    console.log(`${section}\n`);
    sections.push(section);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
/**
 * @param {string} name
 * @param {number[]} values
 */
function summary(name, values) {
  if (values.length === 0) return `${name}: no such line`;
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  return `${name} ×${median(values).toFixed(2)} (${lowest.toFixed(2)} – ${highest.toFixed(2)})`;
}
const whole = `Ours to memray's, medians of the lines with 1 MB and more (lowest – highest): ${summary('allocated', ratios.allocated)}, ${summary('at the peak', ratios.peak)}.`;
console.log(whole);

if (options.save && chosen.length === 0) {
  const where = `${machine()}, Python ${version}, ${packages.join(', ')}`;
  saveSection(
    'Memory beside memray',
    'npm run bench:memory',
    [where, ...sections, whole].join('\n\n'),
  );
}
