/** Everything that is done with a recording, and what must be true of it whatever the recording. */
import { toCollapsed } from '../../formats/collapsed';
import { toSpeedscope } from '../../formats/speedscope';
import { annotateFile } from '../../profile/words/annotation';
import { wallOf } from '../../profile/cost';
import { expressionsOf } from '../../profile/words/expressions';
import type { LineCost } from '../../profile/types';
import { lineDetail, type LineDetail } from '../../profile/view/lineParts';
import { decodeFlameChunk } from '../../protocol/flameChunk';
import { decodeFlameMemory } from '../../protocol/flameMemory';
import { readFlame } from '../../server/features/flame';
import { allFlameTables } from '../../server/output/flameTables';
import { buildReport } from '../../server/output/report';
import { Run } from '../../server/reading/run';
import { SavedRunError } from '../../server/reading/saved/read';
import { showRun } from '../../server/cli/text/report';
import { reportProblems } from '../reportSchema';

// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
/** What engines say of mistakes in programs; no person who opens a recording should read it. */
const internal =
  /Cannot (read|set|convert|destructure|mix)|is not (a function|iterable|defined)|undefined|Invalid (array|typed|time|count|string)|Maximum call|out of (range|bounds|memory)|must be (of type|an? )|ERR_/;

/** Opens a recording and does with it what there is to do. Returns what was wrong; undefined when nothing was. */
export function useRecording(path: string): string | undefined {
  let run: Run;
  try {
    run = Run.open(path, false);
  } catch (error) {
    return wrongError(error);
  }
  try {
    run.readAll();
    return wrongNotes(run) ?? wrongText(run) ?? wrongReport(run) ?? wrongTables(run);
  } finally {
    run.close();
  }
}

/** A recording that is refused is refused by a sentence. */
function wrongError(error: unknown): string | undefined {
  const isSentence =
    error instanceof SavedRunError || (error instanceof Error && error.constructor === Error);
  if (!isSentence) return `uncaught: ${String(error)}`;
  if (internal.test(error.message)) return `refused by: ${error.message}`;
  return obeyed.test(error.message) ? 'a control character in an error' : undefined;
}

function wrongNotes(run: Run): string | undefined {
  for (const { text } of run.notes()) {
    if (obeyed.test(text)) return 'a control character in a note';
    // Names in notes may say anything; a mistake of ours begins with a file of the recording.
    if (/^[^:]*\.lsp: (?!This |The )/.test(text) && internal.test(text)) return `caught: ${text}`;
  }
  return undefined;
}

function wrongText(run: Run): string | undefined {
  const text = showRun(run, { color: false, width: 100 });
  if (obeyed.test(text)) return 'a control character in the text';
  if (/\bNaN\b|\bInfinity\b/.test(text) && !/NaN|Infinity/.test(JSON.stringify(namesOf(run)))) {
    return 'a figure that is no number in the text';
  }
  showRun(run, { color: true, width: 40 });
  return undefined;
}

function namesOf(run: Run): unknown {
  const profile = run.profile();
  return [profile.processes, [...profile.files.keys()], run.notes()];
}

function wrongReport(run: Run): string | undefined {
  const report: unknown = JSON.parse(JSON.stringify(buildReport(run.profile(), run.notes())));
  const [problem] = reportProblems(report);
  return problem && `schema: ${problem}`;
}

/** Parts of a line come to what the line cost, and any text may stand there. */
function wrongParts({ total }: LineCost, { parts }: LineDetail): boolean {
  const amounts = parts.map(({ cost, ...columns }) => {
    return { ...columns, amount: wallOf(cost), samples: cost.samples };
  });
  expressionsOf(amounts, 'total = first(1) + "é" * second[2]');
  const sum = amounts.reduce((ns, { amount }) => ns + amount, 0);
  return Math.abs(sum - wallOf(total)) > 1e-6 * Math.max(sum, wallOf(total)) + 1;
}

function wrongTables(run: Run): string | undefined {
  const profile = run.profile();
  for (const file of profile.files.values()) {
    annotateFile(file, profile, 'cpu', 0);
    const [line] = file.lines;
    if (line && wrongParts(line, lineDetail(run.builder, file.path, line.line))) {
      return 'the parts of a line are not the line';
    }
  }
  const tables = allFlameTables(run);
  let length = 0;
  for (const text of toCollapsed(tables)) {
    if (obeyed.test(text)) return 'a control character in collapsed stacks';
    length += text.length;
  }
  for (const text of toSpeedscope(tables, run.programName(), 'lineheat')) length += text.length;
  for (const native of [true, false]) {
    for (let cursor = 0, more = true; more;) {
      const piece = readFlame({ run, live: false }, { run: 'x', cursor, native, memory: -1 });
      if (piece.chunk) decodeFlameChunk(bufferOf(piece.chunk));
      if (piece.memory) decodeFlameMemory(bufferOf(piece.memory.data));
      ({ cursor, more } = piece);
    }
  }
  return length > 2 ** 30 ? 'exports of more than a gigabyte' : undefined;
}

function bufferOf(base64: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(base64, 'base64')).buffer;
}
