// The tables of `npm run bench:accuracy`.
import { quantityName } from '../../test/truth/score';
import { markdownTable } from '../results.mjs';
import { mean } from '../statistics.mjs';

/** Columns of the first table: kinds of questions. */
const questions = [
  ['CPU of lines', ({ type, what }) => type === 'line' && what === 'cpu'],
  ['Python or native', ({ type, what }) => type === 'line' && /python|native/.test(what)],
  ['system', ({ type, what }) => type === 'system' || (type === 'line' && what === 'system')],
  ['waiting', ({ type, what }) => type === 'line' && what === 'wait'],
  ['GIL', ({ type, what }) => type === 'line' && what === 'gil'],
  ['threads', ({ type }) => type === 'threads'],
  ['processes', ({ type }) => type === 'process'],
];
/** Whether a quantity is a total rather than a share. */
const isTotal = ({ type }) => type === 'sampled' || type === 'processes';

/**
 * @param {import('../../test/truth/cases').Case[]} cases
 * @param {{name: string, tool?: import('./tools.mjs').Tool}[]} tools
 * @param {{wanted: object, tool: object, scores: object[], problem?: string}[]} results
 * @param {Record<string, string>} versions
 * @returns {string} Markdown
 */
export function accuracyReport(cases, tools, results, versions) {
  const scored = results.flatMap(({ wanted, tool, scores }) =>
    scores.map((one) => ({
      ...{ wanted, tool, error: errorOf(one), interrupted: one.unit === 'times' },
      quantity: wanted.quantities.find((quantity) => quantityName(quantity) === one.quantity),
    })),
  );
  const counted = scored.filter(({ interrupted }) => !interrupted);
  const shares = counted.filter(({ quantity }) => !isTotal(quantity));
  const of = (tool) => shares.filter((one) => one.tool === tool);
  const label = ({ name, tool }) =>
    tool && versions[tool.distribution] ? `${name} ${versions[tool.distribution]}` : name;
  const total = cases
    .flatMap(({ quantities }) => quantities)
    .filter((quantity) => quantity.type !== 'count' && !isTotal(quantity)).length;
  const byQuestion = markdownTable(
    ['profiler', 'says', 'all', ...questions.map(([title]) => title), 'totals', 'calls cut short'],
    tools.map((tool) => [
      label(tool),
      `${of(tool).length} of ${total}`,
      cell(of(tool)),
      ...questions.map(([, test]) => cell(of(tool).filter(({ quantity }) => test(quantity)))),
      cell(counted.filter((one) => one.tool === tool && isTotal(one.quantity))),
      interruptions(scored.filter((one) => one.tool === tool && one.interrupted)),
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

/** Error in percentage points; a tool that saw nothing of a cost misses all of it. */
function errorOf({ error, expected }) {
  return Number.isNaN(error) ? expected : error;
}

function cell(scores) {
  if (scores.length === 0) return '–';
  const errors = scores.map(({ error }) => error);
  return `${mean(errors).toFixed(1)} (${Math.max(...errors).toFixed(1)})`;
}

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
