// The tables of `npm run bench:peers`.
import { markdownTable } from '../results.mjs';
import { median, quantile } from '../statistics.mjs';

// Columns of a tool's row, computed from its runs.
const ratio = (key) => (row) => (2 * row.profiled[key]) / (row.before[key] + row.after[key]);
const outside = ({ cpu_s, program_s }) => cpu_s - program_s;
const grown = ({ profiled, before, after }) =>
  profiled.peak_bytes - (before.peak_bytes + after.peak_bytes) / 2;
const extra = ({ profiled, before, after }) =>
  outside(profiled) - (outside(before) + outside(after)) / 2;

/**
 * @param {{tools: import('./tools.mjs').Tool[], programs: string[], runs: object[], versions: Record<string, string>}} measured
 * @returns {string} Markdown
 */
export function overheadReport({ tools, programs, runs, versions }) {
  const of = (tool, program) =>
    runs.filter(
      (row) =>
        row.tool === tool.name && (!program || row.program === program) && !row.profiled.problem,
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
          )?.toFixed(2),
        ),
      ],
    ],
  );
  const problems = runs
    .filter((row) => row.profiled.problem)
    .map((row) => `- ${row.tool} could not run ${row.program}: ${row.profiled.problem}`);
  return [summary, legend, each, verdict(tools, of), problems.join('\n')]
    .filter(Boolean)
    .join('\n\n');
}

const sees = ({ seesNative, seesMemory }) =>
  [seesNative && 'native', seesMemory && 'memory'].filter(Boolean).join(', ') || '–';

function figures(rows) {
  if (rows.length === 0) return Array(8).fill('–');
  const cpu = rows.map(ratio('cpu_s'));
  const rates = rows
    .map(({ profiled }) => profiled.samples / profiled.wall_s)
    .filter(Number.isFinite);
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

/** Sentences that rank tools with the same abilities by their cost. */
function verdict(tools, of) {
  const kinds = [
    [
      'Samplers that see native time',
      ({ kind, seesNative, seesMemory }) => kind === 'sampling' && seesNative && !seesMemory,
    ],
    ['Those that see memory', ({ seesMemory }) => seesMemory],
  ];
  return kinds
    .map(([words, isOne]) => [words, tools.filter((tool) => isOne(tool) && of(tool).length > 0)])
    .filter(([, found]) => found.length > 1)
    .map(([words, found]) => {
      const ranked = found
        .map((tool) => ({ name: tool.name, cpu: median(of(tool).map(ratio('cpu_s'))) }))
        .sort((a, b) => a.cpu - b.cpu);
      return `${words}, cheapest first: ${ranked.map(({ name, cpu }) => `${name} ${times(cpu)}`).join(' · ')}.`;
    })
    .join('\n\n');
}

const times = (number) => (number === undefined ? '–' : `×${number.toFixed(3)}`);
