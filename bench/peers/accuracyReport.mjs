// The tables of `npm run bench:accuracy`.
import { quantityName } from '../../test/truth/score';
import { markdownTable } from '../results.mjs';
import { mean } from '../statistics.mjs';

/**
 * @typedef {import('../../test/truth/cases').Case} Case
 * @typedef {import('../../test/truth/cases').Quantity} Quantity
 * @typedef {import('../../test/truth/score').Score} Score
 * @typedef {import('./accuracyTools.mjs').Ours | import('./accuracyTools.mjs').Peer} Tool
 *
 * @typedef {object} Result of a case under a tool
 * @property {Case} wanted
 * @property {Tool} tool
 * @property {Score[]} scores
 * @property {string} [problem] why there are no scores
 */

/**
 * Columns of the first table: kinds of questions.
 * @type {{title: string, asks: (quantity: Quantity) => boolean}[]}
 */
const questions = [
  { title: 'CPU of lines', asks: (one) => one.type === 'line' && one.what === 'cpu' },
  {
    title: 'Python or native',
    asks: (one) => one.type === 'line' && /python|native/.test(one.what),
  },
  {
    title: 'system',
    asks: (one) => one.type === 'system' || (one.type === 'line' && one.what === 'system'),
  },
  { title: 'waiting', asks: (one) => one.type === 'line' && one.what === 'wait' },
  { title: 'GIL', asks: (one) => one.type === 'line' && one.what === 'gil' },
  { title: 'threads', asks: ({ type }) => type === 'threads' },
  { title: 'processes', asks: ({ type }) => type === 'process' },
];
/**
 * Whether a quantity is a total rather than a share.
 * @param {Quantity} quantity
 */
const isTotal = ({ type }) => type === 'sampled' || type === 'processes';

/**
 * @param {Case[]} cases
 * @param {Tool[]} tools
 * @param {Result[]} results
 * @param {Record<string, string>} versions
 * @returns {string} Markdown
 */
export function accuracyReport(cases, tools, results, versions) {
  const scored = results.flatMap(({ wanted, tool, scores }) =>
    scores.flatMap((one) => {
      const quantity = wanted.quantities.find((asked) => quantityName(asked) === one.quantity);
      return quantity ? [{ wanted, tool, quantity, error: errorOf(one) }] : [];
    }),
  );
  const counted = scored.filter(({ quantity }) => quantity.type !== 'count');
  const shares = counted.filter(({ quantity }) => !isTotal(quantity));
  /** @param {Tool} tool */
  const of = (tool) => shares.filter((one) => one.tool === tool);
  /** @param {Tool} tool */
  const label = (tool) => {
    const version = 'tool' in tool ? versions[tool.tool.distribution] : undefined;
    return version ? `${tool.name} ${version}` : tool.name;
  };
  const total = cases
    .flatMap(({ quantities }) => quantities)
    .filter((quantity) => quantity.type !== 'count' && !isTotal(quantity)).length;
  const byQuestion = markdownTable(
    [
      'profiler',
      'says',
      'all',
      ...questions.map(({ title }) => title),
      'totals',
      'calls cut short',
    ],
    tools.map((tool) => [
      label(tool),
      `${of(tool).length} of ${total}`,
      cell(of(tool)),
      ...questions.map(({ asks }) => cell(of(tool).filter(({ quantity }) => asks(quantity)))),
      cell(counted.filter((one) => one.tool === tool && isTotal(one.quantity))),
      interruptions(scored.filter((one) => one.tool === tool && one.quantity.type === 'count')),
    ]),
  );
  const byCase = markdownTable(
    ['case', ...tools.map(({ name }) => name)],
    cases.map((wanted) => [
      wanted.name,
      ...tools.map((tool) => cell(of(tool).filter((one) => one.wanted === wanted))),
    ]),
  );
  const problems = results
    .filter(({ problem }) => problem)
    .map(
      ({ wanted, tool, problem }) => `- ${tool.name} could not run “${wanted.name}”: ${problem}`,
    );
  return [legend, byQuestion, byCase, problems.join('\n')].filter(Boolean).join('\n\n');
}

/**
 * Error in percentage points; a tool that saw nothing of a cost misses all of it.
 * @param {Score} score
 */
function errorOf({ error, expected }) {
  return Number.isNaN(error) ? expected : error;
}

/** @param {{error: number}[]} scores */
function cell(scores) {
  if (scores.length === 0) return '–';
  const errors = scores.map(({ error }) => error);
  return `${mean(errors).toFixed(1)} (${Math.max(...errors).toFixed(1)})`;
}

/** @param {{error: number}[]} scores */
function interruptions(scores) {
  return scores.length === 0 ? '–' : String(scores.reduce((sum, { error }) => sum + error, 0));
}

const legend = `Mean error in percentage points and, in brackets, the worst. A dash: the profiler has no answer, or cannot run. Lines, threads and
processes are shares of the program's CPU time, waiting is a share of all its waiting, Python, native and system are shares
of a line; totals are sums of everything, in percent of the clocks, and not part of “all”. Figures of tracers are
compared with a run without them, because they change what lines cost. For a profiler that shows native frames, a sample is
native if its innermost frame is. Function profilers have an answer for a line that is nearly all of its function;
line_profiler for lines that call none of the program's functions. Profilers that only know wall-clock time have no answer about
CPU time where the program waits. memray measures memory only.`;
