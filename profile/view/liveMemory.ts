/** How much memory a line held over the run. */
import type { RunPlaces } from './places';

/**
 * Live bytes of a line at `count` moments, evenly spaced over the elapsedNs of the run; the last moment is its end.
 * null: the line has no memory.
 */
export function liveMemory(
  { memoryPlaces }: RunPlaces,
  path: string,
  line: number,
  count: number,
  elapsedNs: number,
): number[] | null {
  const shares = memoryPlaces?.sharesOf(path, line);
  if (!shares) return null;
  const starts = memoryPlaces!.starts();
  return shares.liveOver(count, elapsedNs, (sites) => starts.get(sites) ?? 0);
}
