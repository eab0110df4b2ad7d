/** The part of a hover card that is about memory. */
import {
  bytesWord,
  formatAbout,
  formatChange,
  formatError,
  formatLeak,
  memoryPart,
  sparkline,
} from '../../profile/memoryWords';
import { bytesOf, totalBytesOf, type MemoryMetric } from '../../profile/metric';
import type { LineCost, MemoryCost, Profile } from '../../profile/types';
import { formatBytes, formatPercent } from '../../profile/words';
import type { ProfiledDocument } from './context';

/** Under a metric of time, lines with less than this part of anything are silent about memory. */
const smallestPart = 0.01;
/** Columns of the drawing of what a line held. */
const sparkColumns = 40;

/** Said instead of figures where there are none. */
export const notMeasured =
  'Memory was not measured in this run. Turn on the setting `linescope.memory` and run again; if it is on, the notes of the run say why.';

/** The figures that lead a card under a metric of memory: `94 MB allocated`, `11.0 %`; no share of nothing. */
export function memoryFigures(
  { memory }: LineCost,
  profile: Profile,
  metric: MemoryMetric,
): string[] {
  const bytes = memory ? bytesOf(memory, metric) : 0;
  const whole = profile.memory ? totalBytesOf(profile.memory, metric) : 0;
  const share = bytes > 0 && whole > 0 ? [formatPercent(Math.min(1, bytes / whole))] : [];
  return [`${formatBytes(bytes)} ${bytesWord[metric]}`, ...share];
}

/** The lines of a card about memory; empty where there is nothing to say. rich: icons are drawn. */
export function memoryLines(
  place: ProfiledDocument,
  line: LineCost,
  profile: Profile,
  rich: boolean,
): string {
  const { memory } = line;
  if (!memory || (memoryPart(memory, profile.memory) < smallestPart && !memory.leak)) return '';
  const icon = (name: string): string => (rich ? `$(${name}) ` : '');
  const rows = [
    `${icon('database')}${allocatedText(memory)}`,
    heldText(memory),
    memory.leak ? `${icon('warning')}**It ${formatLeak(memory.leak)}**` : '',
    drawing(place, line.line, profile),
  ];
  return rows.filter((row) => row !== '').join('  \n');
}

/** `**94 MB** allocated in 591 allocations ± 12 MB, 4 % by Python`. */
function allocatedText(memory: MemoryCost): string {
  const { allocatedBytes, allocatedError, allocations, pythonFraction } = memory;
  const error = formatError(allocatedBytes, allocatedError);
  const percent = Math.round(100 * pythonFraction);
  const who =
    percent >= 100 ? 'by Python' : percent > 0 ? `${percent} % by Python` : 'by native code';
  const times = `${formatAbout(allocations)} ${Math.round(allocations) === 1 ? 'allocation' : 'allocations'}`;
  return `**${formatBytes(allocatedBytes)}**${error && ` ${error}`} allocated in ${times}, ${who}`;
}

/** `94 MB at the peak · +94 MB ± 12 MB since the start · 32 MB copied`. */
function heldText({ peakBytes, growthBytes, growthError, copiedBytes }: MemoryCost): string {
  const error = formatError(growthBytes, growthError);
  return [
    `${formatBytes(peakBytes)} at the peak`,
    `${formatChange(growthBytes)}${error && ` ${error}`} since the start`,
    ...(copiedBytes >= 1 ? [`${formatBytes(copiedBytes)} copied`] : []),
  ].join(' · ');
}

/** What the line held over the run, drawn in one line of text. */
function drawing({ file }: ProfiledDocument, line: number, profile: Profile): string {
  const held = Array<number>(sparkColumns).fill(0);
  for (const path of file.recorded) {
    profile.liveOver(path, line, sparkColumns)?.forEach((bytes, at) => (held[at]! += bytes));
  }
  const most = Math.max(...held);
  return most > 0 ? `\`${sparkline(held)}\` held over time, at most ${formatBytes(most)}` : '';
}
