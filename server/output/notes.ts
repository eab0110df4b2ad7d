/** The notes about a run. Those of the agent are in the recording; the others are worded here and in the files beside this. */
import type { Profile } from '../../profile/types';
import { plainText } from '../../recording/plain';
import type { Note } from '../reading/recordingFile';
import { childNotes } from './childNotes';
import { samplingNotes } from './sampling';
import { whyStopped } from './whyStopped';

/** Said when a signal ended the program's own process. */
const killed: Note = {
  code: 'killed',
  severity: 'warning',
  text: 'The program was ended by a signal; everything recorded up to then is shown.',
};

/** The agent's notes of each process, how processes ended that could not say it themselves, and how well all were sampled. */
export function profileNotes(profile: Profile): Note[] {
  const { processes } = profile;
  const main = profile.processes[0];
  const notes = processes.flatMap(({ pid, notes: own }) => {
    const who = processes.length > 1 ? `Process ${pid}: ` : '';
    return own.map(({ severity, text }): Note => ({ severity, text: who + text }));
  });
  for (const { pid, state, whyFull } of processes) {
    if (state !== 'full') continue;
    const who = processes.length > 1 ? `Process ${pid}: ` : '';
    notes.push({ severity: 'warning', text: who + whyStopped(whyFull) });
  }
  if (main?.state === 'lost') {
    notes.push(killed);
  }
  const lost = processes.filter((process) => process !== main && process.state === 'lost');
  return [...notes, ...childNotes(lost), ...samplingNotes(profile)];
}

/** Most severe first, each text once. */
export function sortNotes(notes: readonly Note[]): Note[] {
  const order = ['error', 'warning', 'information'];
  const plain = notes.map((note) => ({ ...note, text: plainText(note.text) }));
  const unique = [...new Map(plain.map((note) => [note.text, note])).values()];
  return unique.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}
