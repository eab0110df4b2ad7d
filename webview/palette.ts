/** One packed colour per frame and per node, so that painting a pixel is one look-up. */
import { rgb, type RGBColor } from 'd3';
import type { FlameStore } from '../profile/flameStore';
import { frameKinds } from '../profile/types';
import type { Theme } from './theme';

const shades = 16;
/** How a frame stands out: as it is, faded behind search results, faded a little behind a lit line, lit. */
const looks = ['plain', 'dim', 'soft', 'lit'] as const;
type Look = (typeof looks)[number];

/** A colour as ImageData holds it on a little-endian machine: 0xaabbggrr, opaque. */
export function pack(colour: RGBColor): number {
  return (
    ((255 << 24) |
      (Math.round(colour.b) << 16) |
      (Math.round(colour.g) << 8) |
      Math.round(colour.r)) >>>
    0
  );
}

/** Whether black text reads better than white on a packed colour. */
export function wantsBlackText(packed: number): boolean {
  const linear = (channel: number): number => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const luminance =
    0.2126 * linear(packed & 255) +
    0.7152 * linear((packed >>> 8) & 255) +
    0.0722 * linear((packed >>> 16) & 255);
  return luminance > 0.179;
}

/** A blend: 0 = a, 1 = b. */
export function mix(a: RGBColor, b: RGBColor, amount: number): RGBColor {
  return rgb(a.r + (b.r - a.r) * amount, a.g + (b.g - a.g) * amount, a.b + (b.b - a.b) * amount);
}

/** Packed colours by kind, shade (a function's own lightness) and look. */
export function createPalette(theme: Theme): Uint32Array {
  const colours = new Uint32Array(frameKinds.length * shades * looks.length);
  const white = rgb('#ffffff');
  const black = rgb('#000000');
  theme.kinds.forEach((base, kind) => {
    for (let shade = 0; shade < shades; shade++) {
      const step = shade / (shades - 1) - 0.5;
      const plain = mix(base, step > 0 ? white : black, Math.abs(step) * 0.44);
      const byLook: Record<Look, RGBColor> = {
        plain,
        dim: mix(plain, theme.background, 0.72),
        soft: mix(plain, theme.background, 0.38),
        lit: mix(plain, theme.dark ? white : black, 0.35),
      };
      looks.forEach((look, i) => {
        colours[(kind * shades + shade) * looks.length + i] = pack(byLook[look]);
      });
    }
  });
  return colours;
}

function at(palette: Uint32Array, kind: number, fn: number, look: Look): number {
  const shade = Math.imul(fn + 1, 0x9e3779b1) >>> 28;
  return palette[(kind * shades + shade) * looks.length + looks.indexOf(look)]!;
}

/** What decides how frames stand out; null = nothing asked for. One byte per function or frame. */
export interface Marks {
  matched: Uint8Array | null;
  lit: Uint8Array | null;
}

function lookOf(marks: Marks, fn: number, lit: boolean): Look {
  if (lit) return 'lit';
  if (marks.matched) return marks.matched[fn] === 1 ? 'plain' : 'dim';
  return marks.lit ? 'soft' : 'plain';
}

/** A packed colour per frame. */
export function frameColours(store: FlameStore, palette: Uint32Array, marks: Marks): Uint32Array {
  const colours = new Uint32Array(store.frameCount);
  for (let frame = 0; frame < colours.length; frame++) {
    const fn = store.frameFunction[frame]!;
    const look = lookOf(marks, fn, marks.lit?.[frame] === 1);
    colours[frame] = at(palette, store.frameKind[frame]!, fn, look);
  }
  return colours;
}

/** A packed colour per node of the call tree; a node is lit when any of its stacks is on the lit line. */
export function nodeColours(store: FlameStore, palette: Uint32Array, marks: Marks): Uint32Array {
  const colours = new Uint32Array(store.nodeCount);
  const lit = new Uint8Array(marks.lit ? store.nodeCount : 0);
  if (marks.lit) {
    for (let stack = 0; stack < store.stackCount; stack++) {
      if (marks.lit[store.stackFrame[stack]!] === 1) lit[store.stackNode[stack]!] = 1;
    }
  }
  for (let node = 0; node < colours.length; node++) {
    const fn = store.nodeFunction[node]!;
    colours[node] = at(palette, store.nodeKind[node]!, fn, lookOf(marks, fn, lit[node] === 1));
  }
  return colours;
}
