// The profilers in the form in which they tell most about lines, and how what they wrote is read.
import { austin, cProfile, lineProfiler, pyinstrument, pySpy, scalene, yappi } from './tools.mjs';

const spied = ['--rate', '1000', '--subprocesses'];
const full = ['--interval', '1ms', '--full', '--children'];

/**
 * `ours`: run by the truth suite itself. `format`: of read.py. `traces`: it changes what lines cost, so that the truth is
 * that of a run without it. `wall`: its seconds are not CPU time, so that it has none where a program waits.
 * @type {{name: string, ours?: {intervalUs?: number}, tool?: import('./tools.mjs').Tool, format?: string,
 *   traces?: boolean, wall?: boolean}[]}
 */
export const accuracyTools = [
  { name: 'lineheat', ours: {} },
  // Any interval below 1 ms is kept, whatever it costs.
  { name: 'lineheat --interval-us 999', ours: { intervalUs: 999 } },
  peer(scalene('scalene', '', []), 'scalene'),
  peer(scalene('scalene (1 kHz)', '', ['--cpu-sampling-rate', '0.001']), 'scalene'),
  peer(scalene('scalene --use-virtual-time', '', ['--use-virtual-time']), 'scalene virtual'),
  peer(pySpy('py-spy', '', spied), 'py-spy'),
  peer(pySpy('py-spy --native', '', [...spied, '--native']), 'py-spy native'),
  peer(austin('austin', 'austin', '', full), 'austin'),
  peer(austin('austinp', 'austinp', '', full), 'austinp'),
  { ...peer(pyinstrument, 'pyinstrument'), wall: true },
  { ...peer(yappi, 'yappi'), traces: true },
  { ...peer(lineProfiler, 'line_profiler'), traces: true, wall: true },
  { ...peer(cProfile, 'cProfile'), traces: true, wall: true },
];

function peer(tool, format) {
  return { name: tool.name, tool, format };
}
