/** The lines above tracks and processes, on the canvas of the chart. */
import type { Track } from '../model/track';
import { formatNumberOf, formatTime } from '../../profile/words/numbers';
import type { Heading } from '../state/lanes';
import { headerHeight, type Scene } from './scene';
import type { Theme } from './theme';

/** Paint the headings that are in view. */
export function paintHeadings(context: CanvasRenderingContext2D, scene: Scene, theme: Theme): void {
  const ratio = scene.width / scene.cssWidth;
  context.save();
  context.scale(ratio, ratio);
  context.textBaseline = 'middle';
  for (const band of scene.bands) {
    const y = band.top - scene.scrollTop;
    if (!band.heading || y > scene.height || y < -headerHeight) continue;
    paintHeading(context, band.heading, y, scene.cssWidth, theme);
  }
  context.restore();
}

function paintHeading(
  context: CanvasRenderingContext2D,
  heading: Heading,
  y: number,
  width: number,
  theme: Theme,
): void {
  const { key, title, open, inner } = heading;
  const ofProcess = key.startsWith('p');
  context.fillStyle = theme.foreground.copy({ opacity: ofProcess ? 0.12 : 0.06 }).formatRgb();
  context.fillRect(0, y + 3, width, headerHeight - 5);
  context.fillStyle = theme.foreground.formatHex();
  context.font = theme.font;
  const left = inner ? 22 : 6;
  const middle = y + headerHeight / 2 + 0.5;
  const name = `${open ? '▾' : '▸'} ${title}`;
  context.fillText(name, left, middle);
  context.fillStyle = theme.muted.formatHex();
  context.fillText(headingFigures(heading), left + context.measureText(name).width + 14, middle);
}

function headingFigures({ tracks, sharing }: Heading): string {
  const sum = (nsOf: (track: Track) => number): number =>
    tracks.reduce((total, track) => total + nsOf(track), 0);
  const cpu = `${formatTime(sum(({ cpuNs }) => cpuNs))} CPU`;
  if (sharing) {
    const lanes = `${formatNumberOf(tracks.length, 'thread')} in ${formatNumberOf(sharing.lanes.length, 'lane')}`;
    return `${lanes} · ${cpu}${sharing.busyOnly ? ' · where they wait is left out' : ''}`;
  }
  return tracks.length > 1
    ? `${formatNumberOf(tracks.length, 'thread')} · ${cpu}`
    : `${cpu} of ${formatTime(sum(({ wallNs }) => wallNs))}`;
}
