/** What should be said about a run beside its numbers. */
import type { Profile } from '../../profile/types';
import { plainText } from '../../recording/plain';
import type { Note } from '../reading/recordingFile';
import { childNotes } from './childNotes';
import { samplingNotes } from './sampling';
import { whyStopped } from './whyStopped';

/** Said when the program's own process did not come to its end by itself. */
const killed: Note = {
  code: 'killed',
  severity: 'warning',
  text: 'The program was ended by a signal; everything recorded up to then is shown.',
};

/** What processes said themselves, how those ended that could not say it, and how well all were sampled. */
export function profileNotes(profile: Profile): Note[] {
  const { processes } = profile;
  const main = profile.processes[0];
  const said = processes.flatMap(({ pid, notes }) => {
    const who = processes.length > 1 ? `Process ${pid}: ` : '';
    return notes.map(({ severity, text }): Note => ({ severity, text: who + text }));
  });
  for (const { pid, state, whyFull } of processes) {
    if (state !== 'full') continue;
    const who = processes.length > 1 ? `Process ${pid}: ` : '';
    said.push({ severity: 'warning', text: who + whyStopped(whyFull) });
  }
  if (main?.state === 'lost') {
    said.push(killed);
  }
  const lost = processes.filter((process) => process !== main && process.state === 'lost');
  return [...said, ...childNotes(lost), ...samplingNotes(profile)];
}

/** Most severe first, each text once. */
export function sortNotes(notes: readonly Note[]): Note[] {
  const order = ['error', 'warning', 'information'];
  const plain = notes.map((note) => ({ ...note, text: plainText(note.text) }));
  const unique = [...new Map(plain.map((note) => [note.text, note])).values()];
  return unique.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}
