/** Results derived from a state that are asked for again: they live in the state and go with it. */
import type { FlameMemory } from '../../profile/flame/memory';
import type { Merged } from '../model/merged';
import type { StackSums } from '../model/sums';
import type { Track } from '../model/track';
import type { Block } from './navigate';
import type { Sharing } from './share';
import type { Weights } from './derived';
import type { Focus, Found } from './state';
import type { Trees } from './trees';

/** The stacks under a node, and the block of it that was asked for last. */
export interface CachedNode {
  revision: number;
  node: number;
  stacks: Uint8Array;
  track: Track | null;
  block: Block | null;
}

/** Each result with what it was made from; null: not asked for yet. */
export interface StateCache {
  merged: { weight: Float64Array; nodes: number; key: string; value: Trees } | null;
  run: { key: string; value: StackSums } | null;
  view: { key: string; value: StackSums } | null;
  bytes: { key: string; memory: FlameMemory | null; value: Weights } | null;
  /** The entries that each process lists, by its number. */
  lanes: {
    shown: readonly Track[];
    revision: number;
    entries: Map<number, (Track | Sharing)[]>;
  } | null;
  /** Where the matches of a search are; `merged` is null in time order. */
  matches: { found: Found; merged: Merged | null; revision: number; places: Focus[] } | null;
  /** Of the frame under the pointer and of the focused one: both are asked about many times in a row. */
  nodes: CachedNode[];
}

/** No results yet. */
export function emptyCache(): StateCache {
  return {
    merged: null,
    run: null,
    view: null,
    bytes: null,
    lanes: null,
    matches: null,
    nodes: [],
  };
}
