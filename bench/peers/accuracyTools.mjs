// The profilers with the options with which they say most about lines, and the formats of their output.
import { austin, cProfile, lineProfiler, pyinstrument, pySpy, scalene, yappi } from './tools.mjs';

const spied = ['--rate', '1000', '--subprocesses'];
const full = ['--interval', '1ms', '--full', '--children'];

/**
 * @typedef {object} Ours Lineheat, which the truth suite runs itself
 * @property {string} name
 * @property {number | undefined} intervalUs
 *
 * @typedef {object} Peer
 * @property {string} name
 * @property {import('./tools.mjs').Tool} tool
 * @property {string} format of the output, in read.py
 * @property {boolean} [traces] the tool changes what lines cost, so its figures are compared with a run without it
 * @property {boolean} [wall] its seconds are wall-clock time, so it knows no CPU time where a program waits
 */

/** @type {(Ours | Peer)[]} */
export const accuracyTools = [
  { name: 'lineheat', intervalUs: undefined },
  // Any interval below 1 ms is kept, whatever it costs.
  { name: 'lineheat --interval-us 999', intervalUs: 999 },
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

/**
 * @param {import('./tools.mjs').Tool} tool
 * @param {string} format
 * @returns {Peer}
 */
function peer(tool, format) {
  return { name: tool.name, tool, format };
}
