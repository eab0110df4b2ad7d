/** From a source line to the frame that shows the line best. */
import { mergedOf } from './derived';
import type { Focus, State } from './state';

/** The heaviest frame on the highlighted line: its longest uninterrupted block, or its heaviest path; null when no sample has one. */
export function heaviestLit(state: State): Focus | null {
  const { lit, store } = state;
  if (!lit) return null;
  const outermost = new Int32Array(store.stackCount);
  for (let stack = 0; stack < outermost.length; stack++) {
    const parent = store.stackParent[stack]!;
    const above = parent >= 0 ? outermost[parent]! : -1;
    outermost[stack] = above >= 0 ? above : lit[store.stackFrame[stack]!] === 1 ? stack : -1;
  }
  return state.mode === 'merged' ? heaviestPath(state, outermost) : longestBlock(state, outermost);
}

function heaviestPath(state: State, outermost: Int32Array): Focus | null {
  const merged = mergedOf(state);
  let best: Focus | null = null;
  for (let stack = 0; stack < outermost.length; stack++) {
    if (outermost[stack] !== stack) continue;
    const node = state.store.stackNode[stack]!;
    if (!best || merged.total[node]! > merged.total[best.node]!) {
      best = { track: null, node, stack, timeNs: 0 };
    }
  }
  return best;
}

function longestBlock(state: State, outermost: Int32Array): Focus | null {
  let best: Focus | null = null;
  let longest = -1;
  for (const track of state.shown) {
    let length = 0;
    let previous = -1;
    for (let i = 0; i < track.count; i++) {
      const leaf = track.stack[i]!;
      const stack = leaf < 0 ? -1 : outermost[leaf]!;
      length = stack >= 0 && stack === previous ? length + track.wall[i]! : (track.wall[i] ?? 0);
      previous = stack;
      if (stack < 0 || length <= longest) continue;
      longest = length;
      const timeNs = track.time[i]! + track.wall[i]! / 2;
      best = { track, stack, node: state.store.stackNode[stack]!, timeNs };
    }
  }
  return best;
}
