/** The part of a hover card that is about memory. */
import {
  bytesWord,
  formatAllocations,
  formatChange,
  formatError,
  formatLeak,
  memoryPart,
  sparkline,
} from '../../../profile/words/memory';
import { bytesOf, totalBytesOf, type MemoryMetric } from '../../../profile/metric';
import type { LineCost, Profile } from '../../../profile/types';
import type { MemoryCost } from '../../../profile/memory/types';
import { formatBytes, formatPercent, formatSeconds } from '../../../profile/words/numbers';
import { commands } from '../../../protocol/lsp';
import { liveMemory } from '../../../profile/view/liveMemory';
import type { FeatureContext, ProfiledDocument } from '../context';
import { commandLink } from '../links';

/** Cards of lines with less than this part of each total say nothing about memory. */
const smallestPart = 0.01;
/** Bytes: less memory than this, reserved and not touched, is not mentioned. */
const smallestReserved = 1e6;
/** Columns of the drawing of what a line held. */
const sparkColumns = 40;

/** Said instead of figures where there are none. */
export function notMeasured(rich: boolean): string {
  const how = rich
    ? `${commandLink('Measure memory from the next run on', commands.turnOnMemory)}, and run again.`
    : 'Turn on the setting `lineheat.memory` and run again.';
  return `Memory was not measured in this run. ${how}`;
}

/** The figures that lead a card under a metric of memory: `94 MB allocated`, `11.0 %`; without a share where the total is 0. */
export function memoryFigures(
  { memory }: LineCost,
  profile: Profile,
  metric: MemoryMetric,
): string[] {
  const bytes = memory ? bytesOf(memory, metric) : 0;
  const whole = profile.memory ? totalBytesOf(profile.memory, metric) : 0;
  if (bytes < 0.5) return [`Nothing ${bytesWord[metric]}`];
  const share = whole > 0 ? [formatPercent(Math.min(1, bytes / whole))] : [];
  return [`${formatBytes(bytes)} ${bytesWord[metric]}`, ...share];
}

/** The lines of a card about memory; empty where there is nothing to say. */
export function memoryLines(
  place: ProfiledDocument,
  line: LineCost,
  context: FeatureContext,
): string {
  const { profile, rich } = context;
  const { memory } = line;
  if (!memory) return '';
  const isSmall = memoryPart(memory, profile.memory) < smallestPart;
  if (isSmall && !memory.leak && memory.reservedBytes < smallestReserved) return '';
  const icon = (name: string): string => (rich ? `$(${name}) ` : '');
  const rows = [
    `${icon('database')}${allocatedText(memory)}`,
    `${icon('triangle-up')}${peakText(memory, profile)}`,
    memory.leak ? '' : `${icon('pulse')}${growthText(memory)}`,
    memory.leak ? `${icon('warning')}${growthText(memory)}. **It ${formatLeak(memory.leak)}**` : '',
    memory.copiedBytes >= 0.5 ? `${icon('copy')}${formatBytes(memory.copiedBytes)} copied` : '',
    reservedText(memory) && `${icon('circle-outline')}${reservedText(memory)}`,
    drawing(place, line.line, context),
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
  return `**${formatBytes(allocatedBytes)}**${error && ` ${error}`} allocated in ${formatAllocations(allocations)}, ${who}`;
}

/** `94 MB of the 169 MB that were held at the peak, after 3.15 s`. */
function peakText({ peakBytes }: MemoryCost, { processes, memory }: Profile): string {
  const measured = processes.flatMap((process) => process.memory ?? []);
  const when =
    measured.length > 1
      ? `at the peaks of ${measured.length} processes`
      : `at the peak, after ${formatSeconds(measured[0]?.peakLiveNs ?? 0)}`;
  const part = peakBytes >= 0.5 ? formatBytes(peakBytes) : 'None';
  return `${part} of the ${formatBytes(memory?.peakLiveBytes ?? 0)} held ${when}`;
}

/** `+94 MB ± 12 MB growth: not freed so far`. */
function growthText({ growthBytes, growthError }: MemoryCost): string {
  if (growthBytes < 0.5) return 'No growth: all of it was freed';
  const error = formatError(growthBytes, growthError);
  return `${formatChange(growthBytes)}${error && ` ${error}`} growth: not freed so far`;
}

/** `64 MB more reserved and never touched: not held`; empty where that is nothing. */
function reservedText({ reservedBytes }: MemoryCost): string {
  return reservedBytes >= smallestReserved
    ? `${formatBytes(reservedBytes)} more reserved and never touched: not held`
    : '';
}

/** The memory that the line held over the run, drawn in one line of text. */
function drawing(
  { file }: ProfiledDocument,
  line: number,
  { places, profile }: FeatureContext,
): string {
  const held = Array<number>(sparkColumns).fill(0);
  for (const path of file.recorded) {
    const live = liveMemory(places, path, line, sparkColumns, profile.elapsedNs);
    live?.forEach((bytes, column) => (held[column]! += bytes));
  }
  const most = Math.max(...held);
  return most > 0 ? `\`${sparkline(held)}\` held over time, at most ${formatBytes(most)}` : '';
}
