/** What was derived from a state and is asked for again: kept with it, and gone with it. */
import type { FlameMemory } from '../../profile/flame/memory';
import type { Merged } from '../model/merged';
import type { StackSums } from '../model/sums';
import type { Track } from '../model/track';
import type { Block } from './navigate';
import type { Sharing } from './share';
import type { Focus, Found, Weights } from './state';
import type { Trees } from './trees';

/** What was found out about a node: the stacks under it, and the block that was asked for last. */
export interface KnownNode {
  revision: number;
  node: number;
  stacks: Uint8Array;
  track: Track | null;
  block: Block | null;
}

export interface Known {
  merged: { weight: Float64Array; nodes: number; key: string; value: Trees } | null;
  run: { key: string; value: StackSums } | null;
  view: { key: string; value: StackSums } | null;
  bytes: { key: string; memory: FlameMemory | null; value: Weights } | null;
  /** By process, what its list of tracks has in it. */
  lanes: {
    shown: readonly Track[];
    revision: number;
    of: Map<number, (Track | Sharing)[]>;
  } | null;
  /** Where the matches of a search are; `merged`: of time order none. */
  matches: { found: Found; merged: Merged | null; revision: number; at: Focus[] } | null;
  /** Of the frame under the pointer and the focused one: both are asked about many times in a row. */
  nodes: KnownNode[];
}

/** Nothing has been asked yet. */
export function nothingKnown(): Known {
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
