// The tables of `npm run bench:peers`.
import { markdownTable } from '../results.mjs';
import { median, quantile } from '../statistics.mjs';

/**
 * @typedef {import('./tools.mjs').Tool} Tool
 *
 * @typedef {object} Cost of one run of a program
 * @property {number} cpu_s
 * @property {number} wall_s
 * @property {number} peak_bytes
 * @property {number} program_s CPU time of the program's own work
 * @property {number | undefined} samples that the tool took; undefined: it does not say, or there is no tool
 * @property {number} bytes that the tool wrote
 *
 * @typedef {object} Run a profiled run, with the bare runs around it
 * @property {string} program
 * @property {string} tool
 * @property {Cost | {problem: string}} profiled
 * @property {Cost} before
 * @property {Cost} after
 *
 * @typedef {Pick<Run, 'before' | 'after'> & {profiled: Cost}} Row
 */

// Columns of a tool's row, computed from its runs.
/** @param {'cpu_s' | 'wall_s' | 'program_s'} key */
const ratio = (key) => (/** @type {Row} */ row) =>
  (2 * row.profiled[key]) / (row.before[key] + row.after[key]);
/** @param {Cost} cost */
const outside = ({ cpu_s, program_s }) => cpu_s - program_s;
/** @param {Row} row */
const grown = ({ profiled, before, after }) =>
  profiled.peak_bytes - (before.peak_bytes + after.peak_bytes) / 2;
/** @param {Row} row */
const extra = ({ profiled, before, after }) =>
  outside(profiled) - (outside(before) + outside(after)) / 2;

/**
 * @param {{tools: Tool[], programs: string[], runs: Run[], versions: Record<string, string>}} measured
 * @returns {string} Markdown
 */
export function overheadReport({ tools, programs, runs, versions }) {
  /**
   * @param {Tool} tool
   * @param {string} [program]
   */
  const of = (tool, program) =>
    runs
      .filter((row) => row.tool === tool.name && (!program || row.program === program))
      .flatMap(({ profiled, before, after }) =>
        'problem' in profiled ? [] : [{ profiled, before, after }],
      );
  const control = runs.map(({ before, after }) => ({
    profiled: after,
    before,
    after: before,
  }));
  const summary = markdownTable(
    [
      'profiler',
      'version',
      'asked for',
      'sees',
      'CPU',
      '',
      'program',
      'elsewhere',
      'wall',
      'samples/s',
      'KB/s',
      '+ resident',
    ],
    [
      ...tools.map((tool) => [
        tool.name,
        versions[tool.distribution] ?? '',
        tool.asked,
        sees(tool),
        ...figures(of(tool)),
      ]),
      ['bare and bare again', '', '', '', ...figures(control).slice(0, 5), '', '', ''],
    ],
  );
  const each = markdownTable(
    ['CPU', ...programs.map((name) => name.replace('async_tree_', 'async '))],
    [
      ...tools.map((tool) => [
        tool.name,
        ...programs.map((program) => times(median(of(tool, program).map(ratio('cpu_s'))))),
      ]),
      [
        'bare, s',
        ...programs.map((program) =>
          median(
            runs.filter((row) => row.program === program).map((row) => row.before.cpu_s),
          ).toFixed(2),
        ),
      ],
    ],
  );
  const problems = runs.flatMap(({ tool, program, profiled }) =>
    'problem' in profiled ? [`- ${tool} could not run ${program}: ${profiled.problem}`] : [],
  );
  return [summary, legend, each, verdict(tools, of), problems.join('\n')]
    .filter(Boolean)
    .join('\n\n');
}

/** @param {Tool} tool */
const sees = ({ seesNative, seesMemory }) =>
  [seesNative && 'native', seesMemory && 'memory'].filter(Boolean).join(', ') || '–';

/**
 * @param {Row[]} rows
 * @returns {string[]}
 */
function figures(rows) {
  if (rows.length === 0) return Array.from({ length: 8 }, () => '–');
  const cpu = rows.map(ratio('cpu_s'));
  const rates = rows.flatMap(({ profiled: { samples, wall_s } }) =>
    samples === undefined ? [] : [samples / wall_s],
  );
  return [
    times(median(cpu)),
    `${quantile(cpu, 0.25).toFixed(3)} – ${quantile(cpu, 0.75).toFixed(3)}`,
    times(median(rows.map(ratio('program_s')))),
    `${median(rows.map(extra)).toFixed(2)} s`,
    times(median(rows.map(ratio('wall_s')))),
    rates.length ? median(rates).toFixed(0) : '–',
    (median(rows.map(({ profiled }) => profiled.bytes / profiled.program_s)) / 1000).toFixed(1),
    `${(median(rows.map(grown)) / 1e6).toFixed(1)} MB`,
  ];
}

const legend = `CPU: of the whole process tree, start-up, samplers and reports included, as the kernel charged it; median of the paired
ratios of all programs, then their quartiles. program: the CPU time of the program's process while it does the program's
work. elsewhere: CPU time outside of that, beyond the bare run's: other processes, start-up, reports. KB/s: bytes written
per CPU second of the program. + resident: by how much the largest process is larger.`;

/**
 * Sentences that rank tools with the same abilities by their cost.
 * @param {Tool[]} tools
 * @param {(tool: Tool) => Row[]} of
 */
function verdict(tools, of) {
  /** @type {{words: string, has: (tool: Tool) => boolean}[]} */
  const kinds = [
    {
      words: 'Samplers that see native time',
      has: ({ kind, seesNative, seesMemory }) => kind === 'sampling' && seesNative && !seesMemory,
    },
    { words: 'Those that see memory', has: ({ seesMemory }) => seesMemory },
  ];
  return kinds
    .map(({ words, has }) => ({
      words,
      ranked: tools
        .filter((tool) => has(tool) && of(tool).length > 0)
        .map((tool) => ({ name: tool.name, cpu: median(of(tool).map(ratio('cpu_s'))) }))
        .sort((a, b) => a.cpu - b.cpu),
    }))
    .filter(({ ranked }) => ranked.length > 1)
    .map(({ words, ranked }) => {
      const listed = ranked.map(({ name, cpu }) => `${name} ${times(cpu)}`);
      return `${words}, cheapest first: ${listed.join(' · ')}.`;
    })
    .join('\n\n');
}

/** @param {number} number */
const times = (number) => (Number.isNaN(number) ? '–' : `×${number.toFixed(3)}`);
