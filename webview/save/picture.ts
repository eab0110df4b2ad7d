/** The view as a picture: an SVG of all its rows, also those that are scrolled out of sight, and a PNG drawn from it. */
import { rgb, scaleLinear } from 'd3';
import type { Chart } from '../draw/chart';
import { axisFormat } from '../format';
import { legendOf } from '../views/legend';
import { frameSource } from '../state/names';
import { labelText } from '../draw/paint';
import { wantsBlackText } from '../draw/palette';
import {
  forEachRun,
  headerHeight,
  layoutScene,
  nodeOfCell,
  rowHeight,
  type Run,
} from '../draw/scene';
import { metricOf, mergedOf, spanOf } from '../state/derived';
import type { State } from '../state/state';

const titleHeight = 24;
const axisHeight = 20;
/** CSS px: browsers draw no larger canvas. */
const mostPixels = 16_000;

/** A colour of the palette, 0xaabbggrr, as `#rrggbb`. */
function hex(packed: number): string {
  return rgb(packed & 255, (packed >>> 8) & 255, (packed >>> 16) & 255).formatHex();
}

/** Text escaped for markup; names come from recordings, so they may hold anything. */
export function escapeText(text: string): string {
  const plain = [...text].map((character) => {
    const code = character.codePointAt(0)!;
    const isControl =
      code < 32 || (code >= 0x7f && code < 0xa0) || (code >= 0xd800 && code < 0xe000);
    return isControl || code === 0xfffe || code === 0xffff ? '\ufffd' : character;
  });
  return plain
    .join('')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}

/** The view as SVG, and its size in CSS px. The chart has to be painted again afterwards. */
export function svgOf(state: State, chart: Chart): { svg: string; width: number; height: number } {
  const theme = chart.theme();
  const width = chart.scene().cssWidth;
  const content = (chart.scene().bands.at(-1)?.bottom ?? 0) + 4;
  const scene = layoutScene(state, { cssWidth: width, height: content, scrollTop: 0, ratio: 1 });
  const top = titleHeight + axisHeight;
  const height = top + content;
  const foreground = theme.foreground.formatHex();
  const muted = theme.muted.formatHex();
  const out: string[] = [];
  const text = (x: number, y: number, colour: string, words: string, more = ''): void => {
    out.push(
      `<text x="${x.toFixed(1)}" y="${y}" fill="${colour}"${more}>${escapeText(words)}</text>`,
    );
  };
  const rect = (x: number, y: number, w: number, h: number, fill: string, more = ''): string =>
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${fill}"${more}/>`;

  text(6, 16, foreground, state.title, ' font-weight="bold"');
  let x = width - 6;
  for (const { kind, label } of [...legendOf(state.store)].reverse()) {
    x -= label.length * 6.7;
    text(x, 16, muted, label);
    out.push(rect(x - 13, 7, 9, 9, theme.kinds[kind]!.formatHex()));
    x -= 25;
  }
  const span = spanOf(state);
  const scale = scaleLinear().domain([span.start, span.end]).range([0, width]);
  const ticks = scale.ticks(Math.max(2, Math.floor(width / 110)));
  const format = axisFormat(metricOf(state), (ticks[1] ?? span.end) - (ticks[0] ?? 0));
  for (const tick of ticks) {
    const at = scale(tick);
    const anchor = at < 16 ? 'start' : at > width - 16 ? 'end' : 'middle';
    text(at, titleHeight + 12, muted, format(tick), ` text-anchor="${anchor}" font-size="10"`);
    out.push(rect(Math.round(at), top, 1, content, foreground, ' fill-opacity="0.1"'));
  }
  for (const { heading, top: y } of scene.bands) {
    if (!heading) continue;
    out.push(rect(0, top + y + 3, width, headerHeight - 5, foreground, ' fill-opacity="0.08"'));
    const words = `${heading.open ? '▾' : '▸'} ${heading.title}`;
    text(heading.inner ? 22 : 6, top + y + headerHeight / 2 + 4, foreground, words);
  }
  const describe = (run: Run): { colour: number; words: string } => {
    const node = nodeOfCell(state.store, scene, run.cell);
    const { up } = run.view.band;
    const stack = scene.merged ? mergedOf(state, up).stack[node]! : run.cell;
    const { path, line, module } = frameSource(state.store, stack);
    const where = path ? (line > 0 ? `${path}:${line}` : path) : module;
    const words = [chart.textOf(run, Infinity), where].filter(Boolean).join('\n');
    return { colour: chart.colourOf(run), words };
  };
  for (const view of scene.views) {
    forEachRun(state.store, scene, view, (run) => {
      const y = top + view.y + run.row * rowHeight;
      const wide = run.to - run.from;
      const { colour, words } = describe(run);
      const shape = rect(run.from, y, wide > 3 ? wide - 1 : wide, rowHeight - 1, hex(colour));
      if (wide < 3) {
        out.push(shape);
        return;
      }
      out.push(`<g><title>${escapeText(words)}</title>${shape}`);
      const label = labelText(chart.textOf(run, 0), '', Math.floor((wide - 8) / 6.7));
      if (wide > 24 && label) {
        text(run.from + 5, y + 13, wantsBlackText(colour) ? '#000000' : '#ffffff', label);
      }
      out.push('</g>');
    });
  }
  const head =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="11">`;
  const ground = rect(0, 0, width, height, theme.background.formatHex());
  return { svg: `${head}${ground}${out.join('\n')}</svg>\n`, width, height };
}

/** A PNG of an SVG, with two pixels for each CSS px where a canvas can be that large. Throws an Error in words for the user. */
export async function pngOf(picture: ReturnType<typeof svgOf>): Promise<ArrayBuffer> {
  const { svg, width, height } = picture;
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    await image.decode();
    const ratio = Math.min(2, mostPixels / Math.max(width, height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(width * ratio));
    canvas.height = Math.max(1, Math.round(height * ratio));
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
    if (!blob) throw new Error('This view is too large for a PNG. Save it as SVG instead.');
    return await blob.arrayBuffer();
  } finally {
    URL.revokeObjectURL(image.src);
  }
}
