// Measures the overhead of the agent on small programs. Each program runs bare, under the agent and bare again, and the
// profiled run is compared with the mean of the two bare runs. The control compares the bare runs with each other: it is the
// noise of the machine. With --memory each program runs under the agent twice, without and with memory profiling, and bare in
// between. Goals: CPU ×1.02, with memory ×1.05.
//
//   npm run bench:overhead -- [--quick] [--save] [--pairs N] [--python PATH] [--interval-us N] [--memory]
//     [PROGRAM…]
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureNumpy } from '../scripts/numpy.mjs';
import { measure } from './measure.mjs';
import { measureRecordings } from './recordings.mjs';
import { machine, resolvePython, saveSection } from './results.mjs';
import { median } from './statistics.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const agent = join(here, `../dist/agent/linux-${process.arch}/liblineheat.so`);
const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    pairs: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    'interval-us': { type: 'string' },
    memory: { type: 'boolean', default: false },
  },
});
const deadlineSeconds = 120;
const pairs = Number(options.pairs ?? (options.quick ? 7 : 25));
if (!existsSync(agent)) {
  console.error(`The agent is not built (${agent}). Run: npm run build`);
  process.exit(1);
}
if (!Number.isInteger(pairs) || pairs < 1) {
  console.error('--pairs needs a whole number of at least 1.');
  process.exit(1);
}

const known = readdirSync(join(here, 'programs'))
  .filter((name) => name.endsWith('.py'))
  .map((name) => basename(name, '.py'));
const unknown = chosen.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No such program: ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
  process.exit(1);
}

/** @type {string[]} */
const lines = [];
/** @param {string} line */
function print(line) {
  console.log(line);
  lines.push(line.trimEnd());
}

const [python, version] = resolvePython(options.python);
const numpy = await ensureNumpy(Number(version.split('.')[1]), [python]).catch((error) => {
  console.log(`arrays: left out. ${error.message}`);
  return undefined;
});
const programs = (chosen.length === 0 ? known : chosen).filter(
  (name) => name !== 'arrays' || numpy !== undefined,
);

/** @typedef {'time' | 'memory'} Mode what the agent measures */
/** @type {Mode[]} */
const modes = options.memory ? ['time', 'memory'] : ['time'];

/**
 * Runs a program once; under the agent if there is a folder for the recording.
 * @param {string} program
 * @param {string} [folder]
 * @param {Mode} [mode]
 */
function run(program, folder, mode) {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, PYTHONHASHSEED: '0' };
  if (program === 'arrays') env.PYTHONPATH = numpy;
  if (folder) {
    env.LINEHEAT_DIR = folder;
    if (mode === 'memory') env.LINEHEAT_MEMORY = '1';
    if (options['interval-us']) {
      env.LINEHEAT_INTERVAL_US = options['interval-us'];
      if (Number(options['interval-us']) < 1000) env.LINEHEAT_BUDGET_PERMILLE = '100';
    }
  }
  // Only the program is preloaded, not the process that measures the run.
  const command = folder
    ? ['/usr/bin/env', `LD_PRELOAD=${agent}`, python]
    : ['/usr/bin/env', python];
  const path = join(here, 'programs', `${program}.py`);
  const result = measure(python, deadlineSeconds, [...command, path], { env });
  if (result.exit !== 0)
    throw new Error(
      `${program}.py ended with exit code ${result.exit ?? 'none'}:\n${result.stderr}`,
    );
  return result;
}

/** @param {number} number */
const ratio = (number) => number.toFixed(3);

print(`${machine()}, Python ${version}, ${pairs} pairs each`);
print('');
print(
  'program        asked for   bare CPU   CPU ratio (min – max)     wall ratio   control   samples/s   KB/s   + memory',
);

/**
 * Figures of one program, or of all programs, under the agent in one mode: one of each for every pair.
 * @typedef {Record<'cpu' | 'wall' | 'control' | 'bare' | 'rate' | 'samples' | 'memory', number[]>} Figures
 */
/** @returns {Figures} */
const emptyFigures = () => ({
  cpu: [],
  wall: [],
  control: [],
  bare: [],
  rate: [],
  samples: [],
  memory: [],
});

/**
 * Runs a program under the agent and then bare, and adds the comparison to `figures`. Returns the bare run.
 * @param {Figures} figures
 * @param {import('./measure.mjs').Usage} before
 * @param {string} program
 * @param {Mode} mode
 */
function compare(figures, before, program, mode) {
  const folder = mkdtempSync(join(tmpdir(), 'lineheat-bench-'));
  try {
    const profiled = run(program, folder, mode);
    const after = run(program);
    figures.cpu.push((2 * profiled.cpu_s) / (before.cpu_s + after.cpu_s));
    figures.wall.push((2 * profiled.wall_s) / (before.wall_s + after.wall_s));
    figures.control.push(after.cpu_s / before.cpu_s);
    figures.bare.push(before.cpu_s, after.cpu_s);
    const recorded = measureRecordings(folder);
    figures.samples.push(recorded.samples / profiled.cpu_s);
    figures.rate.push(recorded.bytes / 1000 / profiled.cpu_s);
    figures.memory.push(profiled.peak_bytes - before.peak_bytes);
    return after;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} program
 * @param {Mode} mode
 * @param {Figures} figures
 */
function row(program, mode, { cpu, wall, control, bare, rate, samples, memory }) {
  const range = `(${ratio(Math.min(...cpu))} – ${ratio(Math.max(...cpu))})`;
  return [
    program.padEnd(15),
    mode.padEnd(10),
    `${median(bare).toFixed(2)} s`.padStart(10),
    `   ${ratio(median(cpu))} ${range}`.padEnd(28),
    ratio(median(wall)).padStart(8),
    ratio(median(control)).padStart(12),
    median(samples).toFixed(0).padStart(12),
    median(rate).toFixed(1).padStart(8),
    `${(median(memory) / 1e6).toFixed(1)} MB`.padStart(9),
  ].join('');
}

const measured = modes.map((mode) => ({ mode, all: emptyFigures() }));
for (const program of programs) {
  const ofProgram = measured.map((sum) => ({ ...sum, figures: emptyFigures() }));
  run(program); // Warms caches and compiled modules; not counted.
  for (let pair = 0; pair < pairs; pair++) {
    let before = run(program);
    for (const { mode, figures } of ofProgram) before = compare(figures, before, program, mode);
  }
  for (const { mode, all, figures } of ofProgram) {
    print(row(program, mode, figures));
    all.cpu.push(...figures.cpu);
    all.wall.push(...figures.wall);
    all.control.push(...figures.control);
  }
}
print('');
for (const { mode, all } of measured) {
  print(
    `all, ${mode === 'time' ? 'time' : 'time and memory'}: CPU ×${ratio(median(all.cpu))}, wall ×${ratio(median(all.wall))}, control ×${ratio(median(all.control))} (medians of all pairs)`,
  );
}

if (options.save) {
  const words = process.argv
    .slice(2)
    .filter((word) => word !== options.python && word !== '--python');
  const command = ['npm run bench:overhead --', ...words].join(' ');
  const title = `Overhead${options['interval-us'] ? ` at ${options['interval-us']} µs` : ''}${options.memory ? ' with memory' : ''}`;
  saveSection(title, command, `\`\`\`\n${lines.join('\n')}\n\`\`\``);
}
