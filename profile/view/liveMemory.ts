/** How much memory a line held over the run. */
import type { RunPlaces } from './places';

/** Live bytes at so many moments evenly spaced over the run, which lasted elapsedNs; the last is its end. null: none. */
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
