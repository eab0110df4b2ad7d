/** The bar beside the code: how long, how thick, and on what track. */
import { expect, test } from 'vitest';
import { barSize, barSvg } from '../../../extension/code/bars';
import type { Palette } from '../../../extension/code/palette';
import manifest from '../../../package.json';
import { barLength } from '../../../profile/words/annotation';
import type { LineAnnotation } from '../../../protocol/lsp';

const size = { width: 100, height: 10 };

function palette(theme: 'dark' | 'light' | 'highContrast' | 'highContrastLight'): Palette {
  const color = (name: string): string =>
    manifest.contributes.colors.find(({ id }) => id === `lineheat.${name}`)!.defaults[theme];
  const names = ['track', 'outline', 'python', 'native', 'system', 'wait', 'queue', 'memory'];
  const colors = Object.fromEntries(names.map((name) => [name, color(name)]));
  return { ...(colors as unknown as Palette), heat: [] };
}

function line(
  shares: Partial<LineAnnotation['bar']>,
  kind: LineAnnotation['kind'] = 'self',
): Pick<LineAnnotation, 'bar' | 'kind' | 'stale'> {
  const bar = { python: 0, native: 0, system: 0, wait: 0, queue: 0, memory: 0, ...shares };
  return { bar, kind, stale: false };
}

/** The filled parts of a bar, by colour. */
function parts(svg: string): Record<string, { x: number; width: number; height: number }> {
  const inside = /<g clip-path[^>]*>(.*)<\/g>/.exec(svg)![1]!;
  const rect = /<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="([\d.]+)" fill="(#\w+)"\/>/g;
  return Object.fromEntries(
    [...inside.matchAll(rect)].map(([, x, width, height, fill]) => [
      fill!,
      { x: Number(x), width: Number(width), height: Number(height) },
    ]),
  );
}

test('the length of a bar is the line’s share of what a full bar stands for', () => {
  const colors = palette('dark');
  const hottest = line({ python: 0.2, native: 0.2 });
  const of = (shares: Parameters<typeof line>[0], full: number) =>
    parts(barSvg(line(shares), full, size, colors));
  const full = barLength(hottest.bar);
  expect(full).toBeCloseTo(0.4);
  // The hottest line fills its track, though it is less than half of the run; in order of kinds, without a gap.
  expect(of(hottest.bar, full)).toEqual({
    [colors.python]: { x: 0, width: 50, height: 10 },
    [colors.native]: { x: 50, width: 50, height: 10 },
  });
  expect(of({ python: 0.1 }, full)[colors.python]).toMatchObject({ width: 25 });
  // Measured against all of the run.
  expect(of(hottest.bar, 1)[colors.native]).toMatchObject({ x: 20, width: 20 });
  // What is there is seen, and nothing leaves the track.
  expect(of({ python: 0.0001 }, 1)[colors.python]!.width).toBeGreaterThan(1);
  expect(of({ wait: 3 }, 1)[colors.wait]).toMatchObject({ x: 0, width: 100 });
});

test('the cost of a line’s calls is a thinner bar than the line’s own cost', () => {
  const colors = palette('dark');
  const of = (kind: LineAnnotation['kind']) =>
    parts(barSvg(line({ python: 1 }, kind), 1, size, colors))[colors.python]!;
  expect(of('total').height).toBeLessThan(0.6 * of('self').height);
  expect(of('total').width).toBe(of('self').width);
});

test.each(['dark', 'light', 'highContrast', 'highContrastLight'] as const)(
  'the %s theme shows the track of a bar that is nearly empty',
  (theme) => {
    const colors = palette(theme);
    for (const kind of ['self', 'total'] as const) {
      const svg = barSvg(line({ python: 0.01 }, kind), 1, size, colors);
      const drawn = svg.replace(/<clipPath.*?<\/clipPath>/, '').replace(/<g .*<\/g>/, '');
      const painted = [...drawn.matchAll(/<rect [^>]*\b(?:fill|stroke)="(#\w+)"/g)].map(
        ([, color]) => color!,
      );
      expect(
        painted.some((color) => !/^#(...0|.{6}00)$/.test(color)),
        `${kind}: ${drawn}`,
      ).toBe(true);
    }
  },
);

test('a bar grows with the font', () => {
  const small = barSize(10);
  const large = barSize(20);
  expect(large.height).toBeGreaterThan(1.7 * small.height);
  expect(large.width).toBe(2 * small.width);
  expect(small.height).toBeLessThan(10);
});
