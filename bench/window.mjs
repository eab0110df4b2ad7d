/**
 * Measures the memory of the extension host and the language server in a window that is used for long: many runs, and then
 * many flame charts, opened and closed. Good: both stop growing.
 *
 *     npm run bench:window -- [--runs 20] [--panels 50] [--save]
 *
 * Run `npm run package` first.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { closeCharts, openChart } from '../test/editor/driver/panel';
import { until } from '../test/editor/driver/until';
import { openVsCode } from '../test/editor/driver/vscode';
import { machine, markdownTable, saveSection } from './results.mjs';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    panels: { type: 'string', default: '50' },
    save: { type: 'boolean', default: false },
  },
});
const runs = Number(options.runs);
const panels = Number(options.panels);
const program = `import json

total = 0
for step in range(60):
    for number in range(40_000):
        total += number
    json.loads("[" + ",".join(map(str, range(20_000))) + "]")
`;
const vs = await openVsCode({ files: { 'program.py': program } });
/** @type {string[][]} */
const rows = [];
try {
  for (let run = 1; run <= runs; run++) {
    await profile();
    if (run === 1 || run % 5 === 0) await addRow(`${run} runs`);
  }
  for (let panel = 1; panel <= panels; panel++) {
    await openChart(vs);
    await closeCharts(vs);
    if (panel === 1 || panel % 10 === 0) await addRow(`${panel} charts`);
  }
} finally {
  await vs.close();
}
const text = `${machine()}. After a garbage collection of the extension host.\n\n${markdownTable(
  ['after', 'heap of the extension host', 'language server, resident'],
  rows,
)}`;
console.log(text);
const command = `npm run bench:window -- --runs ${runs} --panels ${panels}`;
if (options.save) saveSection('A window that is used for long', command, text);

/** Profiles the program to its end. */
async function profile() {
  const before = await shownRun();
  await vs.open('program.py');
  await vs.companion.ask((vscode) => vscode.commands.executeCommand('lineheat.profileFile'), null);
  await until(
    'the run has ended',
    async () => {
      const isIdle = await vs.companion.lineheat(
        (lineheat) => lineheat.runState() === 'idle',
        null,
      );
      return isIdle && (await shownRun()) !== before;
    },
    120_000,
  );
}

function shownRun() {
  return vs.companion.lineheat((lineheat) => lineheat.shownRun()?.run, null);
}

/**
 * Measures both processes, and adds a row to the table.
 * @param {string} after what was done so far
 */
async function addRow(after) {
  const heap = await vs.companion.ask(() => {
    const builtin = process.getBuiltinModule;
    builtin('node:v8').setFlagsFromString('--expose-gc');
    builtin('node:vm').runInNewContext('gc')();
    return process.memoryUsage().heapUsed;
  }, null);
  const row = [after, `${(heap / 1e6).toFixed(1)} MB`, `${(serverBytes() / 1e6).toFixed(0)} MB`];
  rows.push(row);
  console.log(row.join('  '));
}

/** Resident bytes of the newest language server. */
function serverBytes() {
  const pid = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isServer(name))
    .reduce((newest, name) => Math.max(newest, Number(name)), 0);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
}

/** @param {string} pid */
function isServer(pid) {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return words.includes('lineheat') && words.includes('dist/server.js');
  } catch {
    return false;
  }
}
