/** Contributed colours can be told from the background of their theme (WCAG 2.1, 1.4.11), and are the chart's own. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import manifest from '../../../package.json';
import { frameKinds } from '../../../profile/flame/tables';
import { kindColours } from '../../../webview/draw/theme';

const backgrounds = {
  dark: '#1f1f1f',
  light: '#ffffff',
  highContrast: '#000000',
  highContrastLight: '#ffffff',
};
const defaultsOf = (name: string) =>
  manifest.contributes.colors.find(({ id }) => id === `lineheat.${name}`)!.defaults;
const parts = ['python', 'native', 'system', 'wait', 'gil', 'queue', 'memory'];

test.each(parts)('the colour of %s stands out in every theme', (part) => {
  const defaults = defaultsOf(part);
  for (const [theme, background] of Object.entries(backgrounds)) {
    const color = defaults[theme as keyof typeof backgrounds];
    expect(contrast(color, background), `${theme}: ${color}`).toBeGreaterThanOrEqual(3);
  }
});

test('a chart without the extension’s colours has the same', () => {
  const defaults = frameKinds.map(defaultsOf);
  expect(kindColours).toEqual({
    dark: defaults.map(({ dark }) => dark),
    light: defaults.map(({ light }) => light),
    contrastDark: defaults.map(({ highContrast }) => highContrast),
    contrastLight: defaults.map(({ highContrastLight }) => highContrastLight),
  });
});

test('the fallbacks of the chart’s style sheet are the defaults of the dark theme', () => {
  const style = readFileSync(new URL('../../../webview/style.css', import.meta.url), 'utf8');
  const fallbacks = [...style.matchAll(/--vscode-lineheat-(\w+), (#\w+)/g)];
  expect(fallbacks.length).toBeGreaterThan(6);
  for (const [, name, color] of fallbacks) expect(color, name).toBe(defaultsOf(name!).dark);
});

function contrast(a: string, b: string): number {
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

/** Relative luminance of `#rrggbb` (WCAG 2.1). */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
