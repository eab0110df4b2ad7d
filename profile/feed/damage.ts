/** What there is to say of a recording in which something is missing. */
import type { ProcessInfo } from '../types';

/**
 * foreign: samples that name stacks which are not there; unknownCode: frames whose code is not described; damagedTables:
 * functions whose lines make no sense.
 */
export function damageNotes(
  foreign: number,
  unknownCode: number,
  damagedTables: number,
): ProcessInfo['notes'] {
  const notes: ProcessInfo['notes'] = [];
  if (foreign > 0) {
    notes.push({
      severity: 'warning',
      text: `The recording is damaged: ${foreign} samples name stacks that are not in it; what they cost is in the totals, but on no line.`,
    });
  }
  if (unknownCode > 0) {
    notes.push({
      severity: 'warning',
      text: 'The recording ends before it says where all of its code is from; the time spent there is in the totals, but on no line.',
    });
  }
  if (damagedTables > 0) {
    notes.push({
      severity: 'warning',
      text: `The recording is damaged: it says of ${damagedTables} functions that they have lines which no file can have; what they cost is on the lines before those.`,
    });
  }
  return notes;
}
