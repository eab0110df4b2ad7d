/** One place in the palette per frame and per node, so that painting a pixel is two look-ups. */
import { rgb, type RGBColor } from 'd3';
import type { Merged } from '../model/merged';
import type { FlameStore } from '../model/store';
import { frameKinds } from '../../profile/flame/tables';
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
export interface Palette {
  solid: Uint32Array;
  /** High contrast: inside of frames whose border is the solid colour. Elsewhere the same as solid. */
  inside: Uint32Array;
}

/** The colours of a theme. Shades go away from the colour of the text, so that every name stays readable. */
export function createPalette(theme: Theme): Palette {
  const size = frameKinds.length * shades * looks.length;
  const solid = new Uint32Array(size);
  const inside = new Uint32Array(size);
  const white = rgb('#ffffff');
  const black = rgb('#000000');
  theme.kinds.forEach((base, kind) => {
    const blackText = wantsBlackText(pack(base));
    for (let shade = 0; shade < shades; shade++) {
      const step = shade / (shades - 1);
      const away = (step - 0.25) * 0.42;
      const plain = mix(base, away > 0 === blackText ? white : black, Math.abs(away));
      const { background } = theme;
      const byLook: Record<Look, [RGBColor, RGBColor]> = {
        plain: [plain, mix(plain, background, 0.72)],
        dim: [mix(plain, background, 0.72), background],
        soft: [mix(plain, background, 0.38), mix(plain, background, 0.85)],
        lit: [mix(plain, theme.dark ? white : black, 0.35), plain],
      };
      looks.forEach((look, i) => {
        const place = (kind * shades + shade) * looks.length + i;
        solid[place] = pack(byLook[look][0]);
        inside[place] = theme.highContrast ? pack(byLook[look][1]) : solid[place]!;
      });
    }
  });
  return { solid, inside };
}

function placeOf(kind: number, fn: number, look: Look): number {
  const shade = Math.imul(fn + 1, 0x9e3779b1) >>> 28;
  return (kind * shades + shade) * looks.length + looks.indexOf(look);
}

/** Which frames stand out, one byte per function or frame; null = nobody asked. */
export interface Marks {
  matched: Uint8Array | null;
  lit: Uint8Array | null;
}

function lookOf(marks: Marks, fn: number, lit: boolean): Look {
  if (lit) return 'lit';
  if (marks.matched) return marks.matched[fn] === 1 ? 'plain' : 'dim';
  return marks.lit ? 'soft' : 'plain';
}

/** Places in the palette's columns by frame. */
export function framePlaces(store: FlameStore, marks: Marks): Uint16Array {
  const places = new Uint16Array(store.frameCount);
  for (let frame = 0; frame < places.length; frame++) {
    const fn = store.frameFunction[frame]!;
    const look = lookOf(marks, fn, marks.lit?.[frame] === 1);
    places[frame] = placeOf(store.frameKind[frame]!, fn, look);
  }
  return places;
}

/**
 * Places in the palette's columns by node of a call tree; a node is lit when any of its stacks is on the lit line, in
 * a derived tree when its heaviest stack is.
 */
export function nodePlaces(store: FlameStore, merged: Merged, marks: Marks): Uint16Array {
  const { tree } = merged;
  const places = new Uint16Array(tree.nodeCount);
  const lit = new Uint8Array(marks.lit ? tree.nodeCount : 0);
  if (marks.lit && tree !== store) {
    merged.stack.forEach((stack, node) => (lit[node] = marks.lit![store.stackFrame[stack]!]!));
  } else if (marks.lit) {
    for (let stack = 0; stack < store.stackCount; stack++) {
      if (marks.lit[store.stackFrame[stack]!] === 1) lit[store.stackNode[stack]!] = 1;
    }
  }
  for (let node = 0; node < places.length; node++) {
    const fn = tree.nodeFunction[node]!;
    places[node] = placeOf(tree.nodeKind[node]!, fn, lookOf(marks, fn, lit[node] === 1));
  }
  return places;
}
