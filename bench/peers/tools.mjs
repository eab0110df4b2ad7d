// The profilers, and how each runs `python SCRIPT ARGUMENTS…`, with the options that a person would type. A sampler runs at
// 1 kHz, and also at its default rate where that differs.
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureRecordings } from '../recordings.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tool = join(root, 'dist/cli.js');

/**
 * @typedef {object} Place where a run happens
 * @property {string} bin scripts of the peers' environment
 * @property {string} python
 * @property {string} agent our library
 * @property {string} output a path that does not exist yet, for the tool to write
 * @property {string} sources folder of the program's own code
 * @property {string} module the program's own module, as it imports it; empty when that is the script itself
 *
 * @typedef {[path: string, ...words: string[]]} Script path and arguments
 *
 * @typedef {object} Wrapped how to run a script under a tool
 * @property {[program: string, ...words: string[]]} command
 * @property {Record<string, string>} [env]
 *
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} distribution what it is installed as; empty for ours
 * @property {'sampling' | 'tracing' | 'memory'} kind how the tool measures time; memory: it does not
 * @property {boolean} seesNative whether the tool tells time in compiled code from time in Python
 * @property {boolean} seesMemory whether the tool says what lines allocate
 * @property {string} asked the tool's options in words
 * @property {(place: Place, script: Script) => Wrapped} wrap
 * @property {(output: string) => number | undefined} samples observations of threads in the tool's output; throws if the
 *   output is no profile
 */

const none = () => undefined;
/** @param {string} output */
const text = (output) => (existsSync(output) ? readFileSync(output, 'utf8') : '');
/** @satisfies {Partial<Tool>} */
const ours = { distribution: '', kind: 'sampling', seesNative: true, seesMemory: false };

/**
 * @param {Place} place
 * @param {Script} script
 * @param {Record<string, string>} more environment
 * @returns {Wrapped}
 */
function preload({ python, agent, output }, script, more) {
  mkdirSync(output);
  return {
    // Only the program is preloaded, not the process that measures the run.
    command: ['/usr/bin/env', `LD_PRELOAD=${agent}`, python, ...script],
    env: { LINEHEAT_DIR: output, ...more },
  };
}

/**
 * The agent alone, without the command line tool that reads the recording.
 * @param {string} name
 * @param {string} asked
 * @param {boolean} seesMemory
 * @param {Record<string, string>} [more] environment
 * @returns {Tool}
 */
const lineheat = (name, asked, seesMemory, more = {}) => ({
  ...ours,
  name,
  seesMemory,
  asked,
  wrap: (place, script) =>
    preload(place, script, { ...(seesMemory ? { LINEHEAT_MEMORY: '1' } : {}), ...more }),
  samples: (output) => measureRecordings(output).samples,
});
/** @type {Tool} */
const lineheatRun = {
  ...ours,
  name: 'lineheat run',
  seesMemory: true,
  asked: 'the default, and a report at the end',
  wrap: ({ python, output }, script) => ({
    command: [process.execPath, tool, 'run', '--json', output, '--python', python, ...script],
  }),
  samples: (output) => JSON.parse(readFileSync(output, 'utf8')).samples,
};

/**
 * Scalene looks at the script's folder only unless told otherwise, and is told where the program's own code is.
 * @param {string} name
 * @param {string} asked
 * @param {string[]} options
 * @returns {Tool}
 */
export const scalene = (name, asked, options, seesMemory = false) => ({
  name,
  distribution: 'scalene',
  kind: 'sampling',
  seesNative: true,
  seesMemory,
  asked,
  wrap: ({ bin, output, sources }, script) => ({
    command: [
      join(bin, 'scalene'),
      ...['run', seesMemory ? '--memory' : '--cpu-only', ...options],
      ...['--program-path', sources],
      ...['-o', output, script[0], '---', ...script.slice(1)],
    ],
  }),
  samples: (output) => {
    /** @type {{stacks?: [unknown, {count: number}][]}} */
    const { stacks } = JSON.parse(readFileSync(output, 'utf8'));
    if (!stacks) throw new Error('its profile is empty');
    return stacks.reduce((sum, [, { count }]) => sum + count, 0);
  },
});

/**
 * @param {string} name
 * @param {string} asked
 * @param {string[]} options
 * @returns {Tool}
 */
export const pySpy = (name, asked, options, seesNative = false) => ({
  name,
  distribution: 'py-spy',
  kind: 'sampling',
  seesNative,
  seesMemory: false,
  asked,
  wrap: ({ bin, python, output }, script) => ({
    command: [
      join(bin, 'py-spy'),
      ...['record', ...options, '--full-filenames', '--format', 'raw'],
      ...['--output', output, '--', python, ...script],
    ],
  }),
  samples: (output) =>
    [...text(output).matchAll(/ (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0),
});

/**
 * @param {string} name
 * @param {string} program
 * @param {string} asked
 * @param {string[]} options
 * @returns {Tool}
 */
export const austin = (name, program, asked, options, seesNative = false) => ({
  name,
  distribution: 'austin-dist',
  kind: 'sampling',
  seesNative,
  seesMemory: false,
  asked,
  wrap: ({ bin, python, output }, script) => ({
    command: [join(bin, program), ...options, '--output', output, python, ...script],
  }),
  samples: (output) => text(output).match(/^P\d/gm)?.length ?? 0,
});

/** @type {Tool} */
export const pyinstrument = {
  name: 'pyinstrument',
  distribution: 'pyinstrument',
  kind: 'sampling',
  seesNative: false,
  seesMemory: false,
  asked: '1 kHz (default)',
  wrap: ({ bin, output }, script) => ({
    command: [
      join(bin, 'pyinstrument'),
      ...['--interval', '0.001', '--renderer', 'json', '--show-all'],
      ...['--outfile', output, ...script],
    ],
    env: { PYINSTRUMENT_IGNORE_OVERHEAD_WARNING: '1' },
  }),
  samples: (output) => JSON.parse(readFileSync(output, 'utf8')).sample_count,
};
/** @type {Tool} */
const memray = {
  name: 'memray',
  distribution: 'memray',
  kind: 'memory',
  seesNative: false,
  seesMemory: true,
  asked: 'every allocation (default)',
  wrap: ({ bin, output }, script) => ({
    command: [join(bin, 'memray'), 'run', '--quiet', '--output', output, ...script],
  }),
  samples: none,
};
/** @type {Tool} */
export const yappi = {
  name: 'yappi',
  distribution: 'yappi',
  kind: 'tracing',
  seesNative: false,
  seesMemory: false,
  asked: 'CPU clock (default)',
  wrap: ({ bin, output }, script) => ({
    command: [join(bin, 'yappi'), '-f', 'pstat', '-o', output, ...script],
  }),
  samples: none,
};
/** @type {Tool} */
export const lineProfiler = {
  name: 'line_profiler',
  distribution: 'line_profiler',
  kind: 'tracing',
  seesNative: false,
  seesMemory: false,
  asked: "the program's own functions",
  wrap: ({ bin, output, module }, script) => ({
    command: [
      join(bin, 'kernprof'),
      ...['--quiet', '--line-by-line', '--outfile', output],
      ...['--prof-mod', module || script[0], ...script],
    ],
  }),
  samples: none,
};
/** @type {Tool} */
export const cProfile = {
  name: 'cProfile',
  distribution: '',
  kind: 'tracing',
  seesNative: false,
  seesMemory: false,
  asked: 'every call',
  wrap: ({ python, output }, script) => ({
    command: [python, '-m', 'cProfile', '-o', output, ...script],
  }),
  samples: none,
};

const oneKilohertz = ['--cpu-sampling-rate', '0.001'];

/** All of them, ours first. @type {Tool[]} */
export const tools = [
  lineheat('lineheat', '1 kHz, within its budget', false),
  lineheat('lineheat (forced)', '1 kHz, whatever it costs', false, {
    LINEHEAT_INTERVAL_US: '1000',
    LINEHEAT_BUDGET_PERMILLE: '0',
  }),
  lineheat('lineheat + memory', 'the default: time and memory', true),
  lineheatRun,
  // With its profiling of coroutines Scalene hangs with tens of thousands of tasks.
  scalene('scalene', '1 kHz, CPU only, no coroutines', [...oneKilohertz, '--no-async']),
  scalene('scalene (100 Hz)', 'its default rate, CPU only', []),
  scalene('scalene + memory', 'its default rate, memory, no coroutines', ['--no-async'], true),
  pySpy('py-spy', '1 kHz', ['--rate', '1000']),
  pySpy('py-spy (100 Hz)', 'its default rate', []),
  pySpy('py-spy --native', '1 kHz, native frames', ['--rate', '1000', '--native'], true),
  austin('austin', 'austin', '1 kHz', ['--interval', '1ms']),
  austin('austin (10 kHz)', 'austin', 'its default rate', []),
  austin('austinp', 'austinp', '1 kHz, native frames', ['--interval', '1ms'], true),
  pyinstrument,
  memray,
  yappi,
  lineProfiler,
  cProfile,
];

/**
 * Bytes of what a tool wrote: a recording, a folder of recordings or a file.
 * @param {string} output
 */
export function written(output) {
  if (!existsSync(output)) return 0;
  return statSync(output).isDirectory() ? measureRecordings(output).bytes : statSync(output).size;
}
