/** Which threads are shown, and in which order. */
import type { Track } from '../model/track';
import { isMain } from './share';
import type { State } from './state';

/** The tracks to show. Without `reorder` those shown keep their order, so that nothing of a live run jumps under the pointer. */
export function tracksToShow(state: State, reorder: boolean): Track[] {
  const all = state.store.tracks;
  const { only } = state;
  const wanted = all.filter(({ id, pid }) => !only || only === `t${id}` || only === `p${pid}`);
  const chosen = new Set(wanted);
  const kept = reorder ? [] : state.shown.filter((track) => chosen.has(track));
  const shown = new Set(kept);
  const added = wanted.filter((track) => !shown.has(track));
  return [...kept, ...busiestFirst(added)];
}

/** The process with most CPU first, and in it the main thread, then the one with most, then the one that lived longest. */
export function busiestFirst(tracks: readonly Track[]): Track[] {
  const processes = new Map<number, number>();
  for (const { pid, cpuNs } of tracks) processes.set(pid, (processes.get(pid) ?? 0) + cpuNs);
  return [...tracks].sort(
    (a, b) =>
      processes.get(b.pid)! - processes.get(a.pid)! ||
      a.pid - b.pid ||
      Number(isMain(b)) - Number(isMain(a)) ||
      b.cpuNs - a.cpuNs ||
      b.wallNs - a.wallNs,
  );
}
