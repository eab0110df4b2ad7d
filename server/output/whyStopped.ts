/** Why a recording stopped before its program did, by the error number of Linux that its header keeps. */

const reasons: Record<number, string> = {
  2: 'The recording was deleted or moved while it was written, so it stopped early; the program went on. Run again and leave its folder alone.',
  12: 'The program had no memory left, or its limit on memory (ulimit -v) left none, so recording stopped early; the program went on. Raise the limit and run again.',
  13: 'The program gave up its right to write its recording, so recording stopped early; the program went on. What was recorded before is shown.',
  23: 'The system had too many files open, so recording stopped early; the program went on. Close other programs and run again.',
  24: 'The program had too many files open, so recording stopped early; the program went on. Raise the limit (ulimit -n) and run again.',
  27: 'The limit on the size of files (ulimit -f) ended the recording early; the program went on. Raise the limit and run again.',
  28: 'The disk is full, so recording stopped early; the program went on. Free some space and run again.',
  30: 'The disk became read-only, so recording stopped early; the program went on. Keep recordings on another disk (lineheat.storageFolder; TMPDIR for lineheat run).',
  116: 'The recording was cut off by another program while it was written, so it stopped early; the program went on. Run again and leave its folder alone.',
  122: 'Your quota of disk space is used up, so recording stopped early; the program went on. Free some space and run again.',
};

/** What happened and what to do, for the user. */
export function whyStopped(error: number): string {
  if (error === 0) return reasons[28]!;
  return (
    reasons[error] ??
    `The recording could not be written any more (error ${error}), so it stopped early; the program went on. Run again, with recordings on another disk (lineheat.storageFolder; TMPDIR for lineheat run).`
  );
}
