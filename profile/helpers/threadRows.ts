/** What the rows of a thread's track tell about a moment, or about a stretch of time. */
import type { ThreadFeed } from '../feed/threadFeed';

/** A thread without samples for longer than this may have been anywhere, ns. */
export const longestGap = 500e6;
/** Ticks do not tell exactly when a thread ran: idle time of up to this, ns and a part of the stretch, may be none. */
const idleMargin = 5e6;
const idleMarginPart = 0.2;

/** The first row that ends at this moment or later. */
export function firstEndingAt({ rowStart, rowWall, rowCount }: ThreadFeed, ns: number): number {
  let low = 0;
  for (let high = rowCount; low < high;) {
    const middle = (low + high) >> 1;
    if (rowStart[middle]! + rowWall[middle]! < ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/**
 * The rows in which a thread may have been at a moment, likeliest first. That is the row that covers the moment.
 * Between rows it is the nearer one, the row before or the row after; a thread that waits may do so until it gets a
 * core again, so then it may be both.
 */
export function rowsAt(thread: ThreadFeed, ns: number): number[] {
  const { rowStart, rowWall, rowGap, rowCpu, rowCount } = thread;
  const next = firstEndingAt(thread, ns);
  const from = next < rowCount ? rowStart[next]! + rowGap[next]! : Infinity;
  if (from <= ns) {
    return [next];
  }
  const before = next - 1;
  const until = before < 0 ? -Infinity : rowStart[before]! + rowWall[before]!;
  const near: number[] = [];
  if (ns - until < longestGap) near.push(before);
  if (from - ns < longestGap) near.push(next);
  if (ns - until > from - ns) {
    near.reverse();
  }
  const waits = before >= 0 && rowCpu[before] === 0;
  return waits ? near : near.slice(0, 1);
}

/** Whether a thread slept at a moment, too briefly to be sampled asleep. */
export function isUnseen({ gaps }: ThreadFeed, ns: number): boolean {
  let low = 0;
  for (let high = gaps.length / 2; low < high;) {
    const middle = (low + high) >> 1;
    if (gaps[2 * middle + 1]! <= ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return 2 * low < gaps.length && gaps[2 * low]! <= ns;
}

/**
 * Whether a thread never slept from one moment to another: it ran, or could have run. isQueue: the row is time
 * without a core.
 */
export function neverSlept(
  thread: ThreadFeed,
  fromNs: number,
  untilNs: number,
  isQueue: (row: number) => boolean,
): boolean {
  const { rowStart, rowWall, rowGap, rowCpu, rowCount } = thread;
  let idle = untilNs - fromNs;
  for (let row = firstEndingAt(thread, fromNs); row < rowCount; row++) {
    const start = rowStart[row]! + rowGap[row]!;
    if (start >= untilNs) break;
    const wall = rowWall[row]! - rowGap[row]!;
    const shared = Math.max(0, Math.min(start + wall, untilNs) - Math.max(start, fromNs));
    // CPU time may be more than fits into the row: a part of it comes from the time before.
    idle -= wall <= 0 ? 0 : (shared / wall) * (isQueue(row) ? wall : rowCpu[row]!);
  }
  return idle <= idleMargin + idleMarginPart * (untilNs - fromNs);
}
