/** A run on the terminal: a header, the hot lines, waiting, memory, and the notes. */
import { mostOf } from '../../../profile/extremes';
import { amountOf } from '../../../profile/metric';
import type { Cost, Profile } from '../../../profile/types';
import {
  formatBytes,
  formatPercent,
  formatRate,
  formatSamples,
  formatSeconds,
} from '../../../profile/words/numbers';
import { gpuText } from './gpu';
import { glyph, hotFiles, readSource, shortPath } from './lineTable';
import { memoryText } from './memory';
import type { Note } from '../../reading/recordingFile';
import { shortVersion } from '../../output/report';
import type { Run } from '../../reading/run';
import { samplingRate } from '../../output/sampling';
import { clip, columns, padLeft, padRight, paintWith, type Style } from './terminal';

export { terminalStyle } from './terminal';

const mostWaits = 5;
/** Waiting shorter than this share of the elapsed time is not listed. */
const smallestWait = 0.05;
/** Source text is left out where it has fewer columns than this. */
const narrowestText = 16;

/** The whole report, ending in a newline. */
export function showRun(run: Run, style: Style, notes: readonly Note[] = run.notes()): string {
  const profile = run.profile();
  const blocks = [
    header(run, profile, style),
    ...hotFiles(run, style),
    waits(run, style, 'wait'),
    waits(run, style, 'queue'),
    gpuText(profile, style),
    memoryText(profile, style),
    notesText(notes, style),
  ];
  return `\n${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function header(run: Run, profile: Profile, style: Style): string {
  const paint = paintWith(style);
  const main = profile.processes[0];
  const first = [
    `${formatSeconds(profile.elapsedNs)} elapsed`,
    `${formatSeconds(profile.cpuNs)} CPU`,
    formatSamples(profile.samples),
  ];
  if (profile.processes.length > 1) first.push(`${profile.processes.length} processes`);
  const peak = mostOf(profile.processes, ({ peakBytes }) => peakBytes ?? 0);
  if (peak > 0) first.push(`peak ${formatBytes(peak)}`);
  const second = [
    `Python ${shortVersion(main?.pythonVersion ?? '?')}`,
    `${main?.engine ?? '?'} engine`,
    `sampled at ${formatRate(samplingRate(profile))}`,
  ];
  if (main && main.exit !== null && main.exit !== 0) second.push(`exit code ${main.exit}`);
  return [
    `${paint('bold', run.programName())}  ${first.join(' · ')}`,
    legend(profile.total, style) + paint('dim', `   ${second.join(' · ')}`),
  ].join('\n');
}

/** The run's CPU time by kind, which is also the legend of the bars. */
function legend(cost: Cost, style: Style): string {
  const paint = paintWith(style);
  const total = amountOf(cost, 'cpu');
  return (['python', 'native', 'system'] as const)
    .map((kind) => {
      const share = total > 0 ? formatPercent(cost[kind] / total) : '0 %';
      return `${paint(kind, glyph(kind, style))} ${kind} ${share}`;
    })
    .join('  ');
}

/** The lines in which a program waited or had no core, which CPU time does not show. */
function waits(run: Run, style: Style, kind: 'wait' | 'queue'): string {
  const profile = run.profile();
  const least = Math.max(smallestWait * profile.elapsedNs, 1e6);
  const worth = [...profile.files.values()]
    .flatMap((file) => file.lines.map((line) => ({ file, line })))
    .filter(({ line }) => line.self[kind] >= least)
    .sort((a, b) => b.line.self[kind] - a.line.self[kind])
    .slice(0, mostWaits);
  if (worth.length === 0) return '';
  const paint = paintWith(style);
  const places = worth.map(({ file, line }) => `${shortPath(file.path)}:${line.line}`);
  const width = Math.max(...places.map(columns));
  const rows = worth.map(({ file, line: { line, self } }, index) => {
    const gil =
      kind === 'wait' && self.gil >= 0.01 * self.wait
        ? `, ${formatSeconds(self.gil)} of it for the GIL`
        : '';
    const front = `${padRight(places[index]!, width)}  ${padLeft(formatSeconds(self[kind]), 8)}${gil}`;
    const text = readSource(file.path, run)[line - 1]?.trim() ?? '';
    const room = style.width - columns(front) - 2;
    return `${front}${room >= narrowestText && text ? `  ${paint('dim', clip(text, room))}` : ''}`;
  });
  const title =
    kind === 'wait'
      ? `${paint('bold', 'Waiting')}  not on a CPU, all threads added up`
      : `${paint('bold', 'Waiting for a core')}  ready to run, all threads added up`;
  return [title, ...rows].join('\n');
}

function notesText(notes: readonly Note[], style: Style): string {
  const paint = paintWith(style);
  const colors = { information: 'dim', warning: 'yellow', error: 'red' } as const;
  return notes
    .map(({ severity, text }) => {
      const word = severity === 'information' ? 'note' : severity;
      return `${paint(colors[severity], `${word}:`)} ${text}`;
    })
    .join('\n');
}
