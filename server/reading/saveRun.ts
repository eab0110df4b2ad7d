/** Writing a run that has ended as one file, for an editor. */
import type { SaveRunParams, SaveRunResult } from '../../protocol/lsp';
import { plainText } from '../../recording/plain';
import { Run } from './run';

/** Saves a run, shown or not: reads it from its folder, and lets other requests be answered between pieces. Never throws. */
export async function saveRun({ path, file }: SaveRunParams): Promise<SaveRunResult> {
  let run: Run;
  try {
    run = Run.open(path, false);
  } catch (error) {
    return { ok: false, message: messageOf(error) };
  }
  try {
    while (run.poll().behind) await new Promise((done) => setImmediate(done));
    if (run.processCount === 0) {
      const [note] = run.notes();
      return {
        ok: false,
        message: note?.text ?? 'This run holds no recording, so there is nothing to save.',
      };
    }
    run.save(file);
    return { ok: true };
  } catch (error) {
    const message = `${plainText(file)} could not be written: ${plainText(messageOf(error))}. Save the run in another folder.`;
    return { ok: false, message };
  } finally {
    run.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
