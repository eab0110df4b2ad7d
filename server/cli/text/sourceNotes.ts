/** Notes about sources that were changed since the run began. */
import { statSync } from 'node:fs';
import { leastOf } from '../../../profile/extremes';
import type { Profile } from '../../../profile/types';
import type { Note } from '../../reading/recordingFile';
import { shownPath } from '../../rawText';
import { isOwn } from '../../editing/ownCode';
import { shortPath } from './lineTable';

const mostNamed = 3;

/** One note for all of the user's own files that were changed; empty where there are none. */
export function sourceNotes(profile: Profile): Note[] {
  const startMs = leastOf(profile.processes, ({ startUnixMs }) => startUnixMs);
  const endMs = Math.max(
    ...profile.processes.map((process) => process.startUnixMs + process.elapsedNs / 1e6),
  );
  const after: string[] = [];
  const during: string[] = [];
  for (const { path, lines } of profile.files.values()) {
    if (lines.length === 0 || !path.startsWith('/') || !isOwn(path, profile)) continue;
    const times = timesOf(path);
    if (!times) continue;
    if (times.changedMs > endMs) after.push(path);
    // A program may write modules and then import them; then the new text is what ran.
    else if (times.changedMs > startMs && times.madeMs < startMs) during.push(path);
  }
  return [
    ...sentence(after, 'changed after the run'),
    ...sentence(during, 'changed while the program ran'),
  ];
}

function sentence(paths: string[], how: string): Note[] {
  if (paths.length === 0) return [];
  const named = paths.sort().slice(0, mostNamed).map(shortPath);
  const others = paths.length - named.length;
  if (others > 0) named.push(`${others} other ${others === 1 ? 'file' : 'files'}`);
  const last = named.pop()!;
  const all = named.length > 0 ? `${named.join(', ')} and ${last}` : last;
  const text = `${all} ${paths.length === 1 ? 'was' : 'were'} ${how}: the text beside the figures is the new one, and may differ from what ran.`;
  return [{ severity: 'warning', text }];
}

function timesOf(path: string): { changedMs: number; madeMs: number } | undefined {
  try {
    const { mtimeMs, birthtimeMs } = statSync(shownPath(path) ?? path);
    return { changedMs: mtimeMs, madeMs: birthtimeMs };
  } catch {
    return undefined;
  }
}
