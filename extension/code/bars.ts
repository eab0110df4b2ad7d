import type { LineAnnotation } from '../../protocol/lsp';
import type { Palette } from './palette';

/** Size of the bar beside the code, in CSS pixels; it follows the editor's font. */
export interface BarSize {
  width: number;
  height: number;
}

/** The bar's size for a font size, CSS pixels. */
export function barSize(fontSize: number): BarSize {
  return { width: Math.round(fontSize * 5.2), height: Math.round(fontSize * 0.72) };
}

/** Pixels: a part is at least this wide, so that it can be seen. */
const narrowest = 1.5;

/**
 * A stacked bar: python, native, system, waiting, waiting for a core, or memory, from left to right. Its track stands for
 * `full` of the run; a longer bar is cut off there. Self cost fills the height. Total cost, spent in what the line called,
 * is a thinner bar, so that the two are never taken for each other.
 */
export function barSvg(
  annotation: Pick<LineAnnotation, 'bar' | 'kind' | 'stale'>,
  full: number,
  size: BarSize,
  palette: Palette,
): string {
  const { width, height } = size;
  const { bar, kind } = annotation;
  const thickness = kind === 'self' ? height : Math.max(4, Math.round(height * 0.4));
  const top = (height - thickness) / 2;
  const hasOutline = !/^#(...0|.{6}00)$/.test(palette.outline);
  // An outline, which only high contrast themes have, must not cover the bar inside.
  const outlined = kind === 'self' && hasOutline;
  const inset = outlined ? 1.5 : 0;
  const right = width - inset;
  let x = inset;
  const parts = (['python', 'native', 'system', 'wait', 'queue', 'memory'] as const).map((part) => {
    const share = Math.min(1, Math.max(0, bar[part] / full));
    if (share === 0 || x >= right) return '';
    const length = Math.min(right - x, Math.max(narrowest, share * (width - 2 * inset)));
    const start = x;
    x += length;
    return `<rect x="${round(start)}" y="${top}" width="${round(length)}" height="${thickness}" fill="${palette[part]}"/>`;
  });
  const radius = Math.min(2, thickness / 2);
  const shape = (fill: string) =>
    `<rect y="${top}" width="${width}" height="${thickness}" rx="${radius}" fill="${fill}"/>`;
  // A thin bar has no room for an outline: a line shows its track instead.
  const rail =
    hasOutline && !outlined
      ? `<rect y="${(height - 1) / 2}" width="${width}" height="1" fill="${palette.outline}"/>`
      : '';
  const outline = `<rect x=".5" y="${top + 0.5}" width="${width - 1}" height="${thickness - 1}" rx="${radius}" fill="none" stroke="${palette.outline}"/>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none"${annotation.stale ? ' opacity=".4"' : ''}>` +
    `<clipPath id="c">${shape('#000')}</clipPath>${shape(palette.track)}${rail}` +
    `<g clip-path="url(#c)">${parts.join('')}</g>${outlined ? outline : ''}</svg>`
  );
}

/** The mark in the gutter: wider with heat, so that colour is not the only sign. */
export function heatSvg(step: number, palette: Palette): string {
  const width = 3 + Math.floor(step / 2);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" width="16" height="16" preserveAspectRatio="none">` +
    `<rect x="${16 - width - 2}" y="0" width="${width}" height="16" fill="${palette.heat[step] ?? '#808080'}"/></svg>`
  );
}

/** A picture as a URI for CSS, whatever characters are in it. */
export function dataUri(svg: string): string {
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
