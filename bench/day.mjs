/**
 * Measures the time and memory that it takes to read a long run with many children. A few real children are recorded, and
 * copies of their recordings stand for all other children, one every 60 / PER_MINUTE seconds. Good: 600 MB and 60 s of CPU
 * time for 24 hours with 50 children a minute.
 *
 *     npm run bench:day -- [--hours 24] [--per-minute 50] [--rounds 300] [--memory] [--save] [--python PATH]
 *
 * --rounds: how much each child works.
 */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { agentEnvironment } from '../protocol/agentEnvironment';
import { encodeHeader, readHeader } from '../recording/decode';
import { measure } from './measure.mjs';
import { findPython } from './peers/environment.mjs';
import { machine, markdownTable, resolvePython, saveSection } from './results.mjs';

const { values: options } = parseArgs({
  options: {
    hours: { type: 'string', default: '24' },
    'per-minute': { type: 'string', default: '50' },
    rounds: { type: 'string', default: '300' },
    memory: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    python: { type: 'string' },
  },
});
const here = fileURLToPath(new URL('.', import.meta.url));
const [python, version] = resolvePython(options.python ?? findPython());
const perMinute = Number(options['per-minute']);
const children = Math.round(Number(options.hours) * 60 * perMinute);
const recordedChildren = 20;
const folder = mkdtempSync(join(tmpdir(), 'lineheat-day-'));
try {
  const bytes = makeDay(record(join(folder, 'few')), join(folder, 'day'));
  const words = [process.execPath, join(here, '../dist/cli.js'), 'show', join(folder, 'day')];
  const usage = measure(python, 3600, words);
  process.stderr.write(usage.stderr);
  report(bytes, usage);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @typedef {{bytes: Buffer, header: import('../recording/records').RecordingHeader}} Recording */

/**
 * Records a parent and a few children. Returns the recordings, the parent's first.
 * @param {string} runDir
 * @returns {Recording[]}
 */
function record(runDir) {
  mkdirSync(runDir);
  const agent = join(here, `../dist/agent/linux-${process.arch}/liblineheat.so`);
  const settings = { agent, runDir, intervalUs: 1000, memory: options.memory };
  const args = [join(here, 'day/parent.py'), join(here, 'day/child.py')];
  execFileSync(python, [...args, String(recordedChildren), options.rounds], {
    env: { ...process.env, ...agentEnvironment(settings, process.env) },
    stdio: 'inherit',
  });
  return readdirSync(runDir)
    .filter((name) => name.endsWith('.lsp'))
    .map((name) => readFileSync(join(runDir, name)))
    .map((bytes) => ({ bytes, header: readHeader(bytes) }))
    .sort((a, b) => a.header.startMonotonicNs - b.header.startMonotonicNs);
}

/**
 * Writes the recordings of the long run. Returns their size in bytes.
 * @param {Recording[]} recordings the parent's first
 * @param {string} day the folder to write to
 */
function makeDay([parent, ...recordedOnes], day) {
  if (!parent) throw new Error('Nothing was recorded.');
  mkdirSync(day);
  writeFileSync(join(day, `${parent.header.pid}.lsp`), parent.bytes);
  let sum = 0;
  for (let at = 0; at < children; at++) {
    const copied = recordedOnes[at % recordedOnes.length];
    if (!copied) throw new Error('No child was recorded.');
    const { bytes, header } = copied;
    const delayNs = Math.round(at * (60e9 / perMinute));
    const pid = 1_000_000 + at;
    const recording = Buffer.from(bytes.subarray(0, header.headerSize + header.committed));
    recording.set(
      encodeHeader({
        ...header,
        pid,
        startMonotonicNs: header.startMonotonicNs + delayNs,
        startUnixNs: header.startUnixNs + delayNs,
        heartbeatNs: header.heartbeatNs + delayNs,
      }),
    );
    writeFileSync(join(day, `${pid}.lsp`), recording);
    sum += statSync(join(day, `${pid}.lsp`)).size;
  }
  return sum;
}

/**
 * @param {number} bytes of all recordings
 * @param {import('./measure.mjs').Usage} usage of reading them
 */
function report(bytes, { cpu_s, wall_s, peak_bytes, exit }) {
  if (exit !== 0) throw new Error(`lineheat show ended with ${exit}.`);
  /**
   * @param {number} value
   * @param {number} digits
   */
  const each = (value, digits) => (value / children).toFixed(digits);
  const table = markdownTable(
    ['', 'the run', 'a child'],
    [
      ['recordings', `${(bytes / 1e6).toFixed(0)} MB`, `${each(bytes / 1e3, 1)} kB`],
      [
        'memory at the peak',
        `${(peak_bytes / 1e6).toFixed(0)} MB`,
        `${each(peak_bytes / 1e3, 1)} kB`,
      ],
      ['CPU time of reading', `${cpu_s.toFixed(1)} s`, `${each(cpu_s * 1e3, 2)} ms`],
      ['time of reading', `${wall_s.toFixed(1)} s`, `${each(wall_s * 1e3, 2)} ms`],
    ],
  );
  const what = options.memory ? 'time and memory' : 'time';
  const text = `${children} children in ${options.hours} hours (Python ${version}, ${what}), read again with \`lineheat show\`.\n${machine()}.\n\n${table}`;
  console.log(text);
  const command = `npm run bench:day -- ${process.argv.slice(2).join(' ')}`.trim();
  if (options.save) saveSection(`A long run${options.memory ? ' with memory' : ''}`, command, text);
}
