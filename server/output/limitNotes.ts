/** Notes about a recording that has reached its limit. */
import type { Profile } from '../../profile/types';
import { formatBytes, formatSeconds } from '../../profile/words/numbers';
import type { Note } from '../reading/recordingFile';

/** Which detail a recording still has. */
export interface Detail {
  /** From this moment of the run on it is complete. */
  ns: number;
  /** Before that there are only sums over stretches of time, each no longer than this. */
  stretchNs: number;
}

/** The note that says which detail is left. */
export function detailNote({ ns, stretchNs }: Detail): Note {
  return {
    severity: 'information',
    text:
      `The recording reached its limit. Up to ${formatSeconds(ns)} into the run it keeps sums over stretches of ` +
      `${formatSeconds(Math.min(stretchNs, ns))}; after that it has every detail. Figures of lines and functions are not affected, ` +
      'but the flame chart does not show the order of events within a stretch.',
  };
}

/** Notes about detail that is missing according to the recordings themselves. */
export function detailNotes({ processes }: Profile): Note[] {
  const startMs = Math.min(...processes.map(({ startUnixMs }) => startUnixMs));
  const details = processes.flatMap(({ detailFrom, startUnixMs }) =>
    detailFrom ? [{ ...detailFrom, ns: (startUnixMs - startMs) * 1e6 + detailFrom.ns }] : [],
  );
  if (details.length === 0) return [];
  const ns = Math.max(...details.map((detail) => detail.ns));
  const stretchNs = Math.max(...details.map((detail) => detail.stretchNs));
  return [detailNote({ ns, stretchNs })];
}

/** why: the reasons for which recordings could not be made smaller. */
export function overLimitNote(bytes: number, limit: number, why: readonly string[]): Note {
  return {
    severity: 'warning',
    text:
      `The recording takes ${formatBytes(bytes)}, more than its limit of ${formatBytes(limit)}, and cannot be made ` +
      `smaller${why[0] === undefined ? ': it holds little besides what is needed to read it' : ` (${why[0]})`}. ` +
      'It keeps growing; stop the run, or set a higher limit.',
  };
}
