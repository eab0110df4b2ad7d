/**
 * Recordings of one process: it leaves one for every program that it becomes by exec. A process that was forked only to become
 * another program leaves one that nobody wants to see.
 */
import type { ProcessFeed } from './processFeed';

/** How long a fork needs at most to become another program, ns: some milliseconds, more for a large parent. */
const longestFork = 20e6;

/**
 * The recording of the program that the process ran before it called exec, which closes a recording without an EndRecord.
 * undefined where there was none: the number of the process is that of an earlier process, which had ended.
 */
export function previousProgram({ previous }: ProcessFeed): ProcessFeed | undefined {
  if (!previous || previous.hasSaidEnd) return undefined;
  return previous.state === 'running' || previous.wasClosed ? previous : undefined;
}

/** The process became another program when it had hardly begun. */
export function isPassing({ samples, wallNs, state, hasSaidEnd }: ProcessFeed): boolean {
  const isBrief = samples === 0 || wallNs < longestFork;
  return state === 'ended' && !hasSaidEnd && isBrief;
}

/** Whether nobody wants to see this process, or too little is known of it to tell. */
export function isHidden(feed: ProcessFeed): boolean {
  return feed.samples === 0 && (feed.state === 'running' || isPassing(feed));
}

/** The track of the thread that had this number before exec; undefined where there was none. */
export function previousTrack(feed: ProcessFeed, tid: number): number | undefined {
  const threads = previousProgram(feed)?.threads.values() ?? [];
  return [...threads].findLast((thread) => thread.tid === tid)?.track;
}
