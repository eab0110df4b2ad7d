/**
 * All that a person is told about recordings that are damaged, cut short, or empty: what is wrong, and what is shown all
 * the same or can be done.
 */
import type { Severity } from './records';

/** What is wrong with a recording: one sentence for the person who opened it. */
export class StreamError extends Error {
  constructor(
    readonly reason: 'notRecording' | 'newer' | 'corrupt',
    message: string,
    /** Position of the damage in the file, bytes. */
    readonly position: number,
  ) {
    super(message);
    this.name = 'StreamError';
  }
}

// The header and the records of one recording.

export function cutHeader(bytes: number, headerBytes: number): StreamError {
  return new StreamError(
    'corrupt',
    `This Lineheat recording is cut off at byte ${bytes}, inside its ${headerBytes}-byte header; nothing in it can be shown.`,
    bytes,
  );
}

export function corruptHeader(position: number): StreamError {
  return new StreamError(
    'corrupt',
    `This Lineheat recording is damaged: its header makes no sense at byte ${position}.`,
    position,
  );
}

/** front: name of the file that holds the beginning of a recording that was made smaller (server/limit/). */
export function missingBeginning(front: string, position: number): StreamError {
  return new StreamError(
    'corrupt',
    `This Lineheat recording is damaged: its beginning is missing. If it was made smaller while its process ran, the beginning is in ${front}; put that file beside it.`,
    position,
  );
}

/** A wrong checksum does not tell where in the batch the damage is. `has` follows “the part has”. */
export function corruptBatch(has: string, position: number): StreamError {
  return corrupt(`the part from byte ${position} on has ${has}`, position);
}

/** `what` follows “the record”. */
export function corruptRecord(what: string, position: number): StreamError {
  return corrupt(`the record at byte ${position} ${what}`, position);
}

function corrupt(what: string, position: number): StreamError {
  const message = `This Lineheat recording is damaged: ${what}; everything before it is shown.`;
  return new StreamError('corrupt', message, position);
}

export function notWhole(bytes: number, position: number): string {
  return `This Lineheat recording is damaged: its last ${bytes} bytes, from byte ${position} on, are not whole records; everything before them is shown.`;
}

// Its file.

export function emptyFile(file: string): string {
  return `${file} is empty: its process ended before anything was recorded, the disk was full, or the limit on file sizes (ulimit -f) was reached.`;
}

export function truncatedFile(file: string, bytes: number, committed: number): string {
  return `${file} is cut short: ${bytes} of ${committed} bytes are there, so the end of the recording is missing. Copy it again to see all of it.`;
}

export function shrunkenFile(file: string): string {
  return `${file} was made smaller while it was read; what was read before is shown. Open it again to see all of it.`;
}

// A saved run, which holds several recordings.

/** `position`: of an entry that cannot be read, bytes; undefined: the file ends too early. */
export function savedRunEnds(file: string, position: number | undefined): string {
  const why = position === undefined ? 'is cut short' : `is damaged at byte ${position}`;
  return `${file} ${why}; everything before that is shown. Copy the file again to see the rest.`;
}

/** `effect`: what is missing because of the damage. */
export function savedRunDamaged(file: string, position: number, effect: string): string {
  return `${file} is damaged at byte ${position}: ${effect}. If the file was copied here, copy it again.`;
}

export function savedRunTooLarge(file: string, position: number): string {
  return `${file} unpacks to far more than a recording does; nothing from byte ${position} on is shown. The file was changed after Lineheat saved it; ask for another copy.`;
}

export function scatteredPieces(recording: string): string {
  return `${recording} is damaged: its pieces do not follow each other; what was read before is shown. If the file was copied here, copy it again.`;
}

// What its records say.

interface Note {
  severity: Severity;
  text: string;
}

/**
 * foreign: samples that name stacks which are not there; unknownCode: frames whose code is not described; damagedTables:
 * functions whose lines make no sense.
 */
export function damageNotes(foreign: number, unknownCode: number, damagedTables: number): Note[] {
  const texts: string[] = [];
  if (foreign > 0) {
    texts.push(
      `The recording is damaged: ${foreign} samples name stacks that are not in it. Their cost is in the totals, but on no line.`,
    );
  }
  if (unknownCode > 0) {
    texts.push(
      'The recording ends before it describes all of its code. Time spent in the rest is in the totals, but on no line.',
    );
  }
  if (damagedTables > 0) {
    texts.push(
      `The recording is damaged: ${damagedTables} functions have lines that no file can have. Their cost is on the lines before those.`,
    );
  }
  return texts.map((text) => ({ severity: 'warning', text }));
}

/** The error for bytes of the flame chart that are not valid. `missing`: what they name, but do not hold. */
export function damagedChart(missing?: string): Error {
  const why = missing === undefined ? '' : ` (${missing} does not exist)`;
  return new Error(`The flame chart's data is damaged${why}. Open the recording again.`);
}
