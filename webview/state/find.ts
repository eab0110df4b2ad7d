/** Going from one search match to the next: by time in the time order view, by weight in the left-heavy view. */
import type { Merged } from '../model/merged';
import { matchFrames } from '../model/search';
import type { Track } from '../model/track';
import { mergedOf } from './derived';
import type { Focus, Found, State } from './state';

/** Matches beyond this number are left out: nobody steps through so many. */
const mostPlaces = 200_000;

/** Where the matches are: outermost matching frames, each run of the same one once. */
export function matchPlaces(state: State): readonly Focus[] {
  const { found } = state;
  if (!found) return [];
  const { revision } = state.store;
  const merged = state.mode === 'merged' ? mergedOf(state) : null;
  const cached = state.cache.matches;
  if (cached?.found === found && cached.merged === merged && cached.revision === revision) {
    return cached.places;
  }
  const places = merged ? placesInTree(merged, found) : placesInTime(state, found);
  state.cache.matches = { found, merged, revision, places };
  return places;
}

/** The match after (1) or before (−1) the focused frame, and its number; null when there is none. */
export function stepMatch(state: State, step: 1 | -1): { focus: Focus; number: number } | null {
  const places = matchPlaces(state);
  if (places.length === 0) return null;
  let index = places.findIndex((place) => samePlace(place, state.focus));
  if (index < 0 && state.focus?.track && state.mode === 'time') {
    // Not on a match: go on from where the focus is in time, on its own thread.
    const { track, timeNs } = state.focus;
    const after = places.findIndex((place) => place.track === track && place.timeNs > timeNs);
    index = after < 0 ? (step > 0 ? -1 : 0) : step > 0 ? after - 1 : after;
  } else if (index < 0 && step < 0) index = 0;
  const next = (index + step + places.length) % places.length;
  return { focus: places[next]!, number: next + 1 };
}

function samePlace(place: Focus, focus: Focus | null): boolean {
  return (
    focus !== null &&
    place.track === focus.track &&
    place.node === focus.node &&
    !focus.up &&
    place.timeNs === focus.timeNs
  );
}

function placesInTree(merged: Merged, found: Found): Focus[] {
  const { tree } = merged;
  const inside = new Uint8Array(merged.nodeCount);
  const places: Focus[] = [];
  for (let node = 0; node < inside.length; node++) {
    const parent = tree.nodeParent[node]!;
    const above = parent >= 0 && inside[parent] === 1;
    const match = found.functions[tree.nodeFunction[node]!] === 1;
    inside[node] = above || match ? 1 : 0;
    if (match && !above && merged.total[node]! > 0) {
      places.push({ track: null, node, stack: merged.stack[node]!, timeNs: 0 });
    }
  }
  return places.sort((a, b) => merged.total[b.node]! - merged.total[a.node]!);
}

function placesInTime(state: State, found: Found): Focus[] {
  const { store } = state;
  const frames = matchFrames(store, found.functions);
  const outermost = new Int32Array(store.stackCount);
  for (let stack = 0; stack < outermost.length; stack++) {
    const parent = store.stackParent[stack]!;
    const above = parent >= 0 ? outermost[parent]! : -1;
    outermost[stack] = above >= 0 ? above : frames[store.stackFrame[stack]!] === 1 ? stack : -1;
  }
  const places: Focus[] = [];
  for (const track of state.shown) placesOnTrack(state, track, outermost, places);
  return places;
}

function placesOnTrack(state: State, track: Track, outermost: Int32Array, places: Focus[]): void {
  let previous = -1;
  for (let i = 0; i < track.count && places.length < mostPlaces; i++) {
    const leaf = track.stack[i]!;
    const match = leaf < 0 ? -1 : outermost[leaf]!;
    const node = match < 0 ? -1 : state.store.stackNode[match]!;
    if (node >= 0 && node !== previous && track.wall[i]! > 0) {
      const timeNs = track.time[i]! + track.wall[i]! / 2;
      places.push({ track, node, stack: match, timeNs });
    }
    previous = node;
  }
}
