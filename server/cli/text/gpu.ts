/** The GPUs of a run on the terminal: how busy they were, and the lines that ran or waited meanwhile. */
import { gpuSummary } from '../../../profile/words/gpu';
import type { Profile } from '../../../profile/types';
import { formatPercent, formatSeconds } from '../../../profile/words/numbers';
import { readSource, shortPath } from './lineTable';
import { clip, columns, padLeft, padRight, paintWith, type Style } from './terminal';

const mostLines = 8;
/** Lines with less than this part of the GPU time are left out. */
const smallestPart = 0.01;
const narrowestText = 16;

/** The block; empty for a run that used none. */
export function gpuText(profile: Profile, style: Style): string {
  const { gpu, elapsedNs, files } = profile;
  if (!gpu) return '';
  const paint = paintWith(style);
  const busyNs = gpu.busyNs ?? 0;
  const rows = [...files.values()]
    .flatMap(({ path, lines }) =>
      lines.map((line) => ({ path, line: line.line, self: line.gpu?.self ?? 0 })),
    )
    .filter(({ self }) => self > 0 && self >= smallestPart * busyNs)
    .sort((a, b) => b.self - a.self)
    .slice(0, mostLines);
  const places = rows.map(({ path, line }) => `${shortPath(path)}:${line}`);
  const width = Math.max(0, ...places.map(columns));
  return [
    `${paint('bold', 'GPU')}  ${gpuSummary(gpu, elapsedNs)}`,
    ...rows.map(({ path, line, self }, index) => {
      const front = `${padRight(places[index]!, width)}  ${padLeft(formatSeconds(self), 8)}  ${padLeft(formatPercent(Math.min(1, self / busyNs)), 6)}`;
      const text = readSource(path)[line - 1]?.trim() ?? '';
      const room = style.width - columns(front) - 2;
      return `${front}${room >= narrowestText && text ? `  ${paint('dim', clip(text, room))}` : ''}`;
    }),
  ].join('\n');
}
