/** Notes about a recording in which something is missing. */
import type { ProcessInfo } from '../types';

type Note = ProcessInfo['notes'][number];

/**
 * foreign: samples that name stacks which are not there; unknownCode: frames whose code is not described; damagedTables:
 * functions whose lines make no sense.
 */
export function damageNotes(
  foreign: number,
  unknownCode: number,
  damagedTables: number,
): ProcessInfo['notes'] {
  const notes: Note[] = [];
  if (foreign > 0) {
    notes.push({
      severity: 'warning',
      text: `The recording is damaged: ${foreign} samples name stacks that are not in it. Their cost is in the totals, but on no line.`,
    });
  }
  if (unknownCode > 0) {
    notes.push({
      severity: 'warning',
      text: 'The recording ends before it describes all of its code. Time spent in the rest is in the totals, but on no line.',
    });
  }
  if (damagedTables > 0) {
    notes.push({
      severity: 'warning',
      text: `The recording is damaged: ${damagedTables} functions have lines that no file can have. Their cost is on the lines before those.`,
    });
  }
  return notes;
}
