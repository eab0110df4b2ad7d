/** The memory of a run on the terminal: totals, and the lines behind them. */
import { basename } from 'node:path';
import type { FileCost, LineCost, Profile } from '../../../profile/types';
import type { MemoryCost } from '../../../profile/memory/types';
import { formatAbout, formatChange, formatLeak, memoryPart } from '../../../profile/words/memory';
import { formatBytes, formatPercent, formatSeconds } from '../../../profile/words/numbers';
import { isOwn } from '../../editing/ownCode';
import { readSource, shortPath } from './lineTable';
import { clip, columns, padLeft, padRight, paintWith, type Style } from './terminal';

const mostLines = 12;
/** Lines with a smaller part of each total (allocated, held at the peak, grown) are left out. */
const smallestPart = 0.02;
const narrowestText = 16;

interface Row {
  file: FileCost;
  line: LineCost;
  memory: MemoryCost;
  /** The largest of its parts of all totals, 0…1. */
  part: number;
}

/** The block; empty for a run without processes. */
export function memoryText(profile: Profile, style: Style): string {
  const paint = paintWith(style);
  if (profile.memory === null) {
    const why =
      profile.processes.length > 0
        ? 'Memory was not measured: run without --no-memory, or with the setting lineheat.memory on.'
        : '';
    return paint('dim', why);
  }
  const { allocatedBytes, peakLiveBytes, growthBytes, copiedBytes, reservedBytes } = profile.memory;
  const several = profile.processes.length > 1;
  const peakAt = profile.processes[0]?.memory?.peakLiveNs ?? 0;
  const totals = [
    `${formatBytes(allocatedBytes)} allocated`,
    `${formatBytes(peakLiveBytes)} held at the peak${several ? 's' : ` (after ${formatSeconds(peakAt)})`}`,
    `${formatBytes(growthBytes)} not freed at the end`,
    ...(copiedBytes > 0 ? [`${formatBytes(copiedBytes)} copied`] : []),
    ...(reservedBytes >= 0.5 ? [`${formatBytes(reservedBytes)} reserved and not touched`] : []),
  ];
  return [`${paint('bold', 'Memory')}  ${totals.join(' · ')}`, ...table(profile, style)].join('\n');
}

function table(profile: Profile, style: Style): string[] {
  const rows = rowsOf(profile);
  if (rows.length === 0) return [];
  const paint = paintWith(style);
  const copies = rows.some(({ memory }) => memory.copiedBytes >= 0.5);
  const cells = rows.map(({ file, line, memory }) => [
    `${shortPath(file.path)}:${line.line}`,
    formatBytes(memory.allocatedBytes),
    formatAbout(memory.allocations),
    formatPercent(Math.round(100 * memory.pythonFraction) / 100),
    formatBytes(memory.peakBytes),
    formatChange(memory.growthBytes),
    ...(copies ? [memory.copiedBytes >= 0.5 ? formatBytes(memory.copiedBytes) : ''] : []),
  ]);
  const head = [
    '',
    'allocated',
    'times',
    'python',
    'peak',
    'growth',
    ...(copies ? ['copied'] : []),
  ];
  const widths = head.map((word, at) =>
    Math.max(...[head, ...cells].map((row) => columns(row[at] ?? word))),
  );
  const laidOut = (row: string[]): string =>
    row.map((cell, at) => (at === 0 ? padRight : padLeft)(cell, widths[at]!)).join('  ');
  return [
    paint('dim', laidOut(head)),
    ...rows.flatMap(({ file, line, memory }, index) => {
      const front = laidOut(cells[index]!);
      const text = readSource(file.path)[line.line - 1]?.trim() ?? '';
      const room = style.width - columns(front) - 2;
      const first = `${front}${room >= narrowestText && text ? `  ${paint('dim', clip(text, room))}` : ''}`;
      return memory.leak
        ? [first, `${' '.repeat(widths[0]!)}  ${paint('red', formatLeak(memory.leak))}`]
        : [first];
    }),
  ];
}

/** The lines to list: of the user's own files, where there are any; leaks first, then by the largest part of a total. */
function rowsOf(profile: Profile): Row[] {
  const rows = [...profile.files.values()].flatMap((file) =>
    file.lines.flatMap((line) => {
      const { memory } = line;
      const part = memory ? memoryPart(memory, profile.memory) : 0;
      return memory && (memory.leak || part >= smallestPart) ? [{ file, line, memory, part }] : [];
    }),
  );
  const own = rows.filter(({ file }) => isOwn(file.path, profile));
  return (own.length > 0 ? own : rows.filter(({ file }) => basename(file.path) !== file.path))
    .sort(
      (a, b) => Number(b.memory.leak !== null) - Number(a.memory.leak !== null) || b.part - a.part,
    )
    .slice(0, mostLines);
}
