/** How densely and how completely a run was sampled, in numbers and in notes. */
import { cpuOf } from '../../profile/cost';
import type { Profile } from '../../profile/types';
import {
  fewSamples,
  formatPercent,
  formatRate,
  formatSamples,
  formatSeconds,
} from '../../profile/words/numbers';
import type { Note } from '../reading/recordingFile';

/** With less CPU time than this a measured rate means nothing. */
const leastCpuNs = 5e7;
/** Losses, and time on no line, are mentioned above this share; short times never. */
const worthSaying = 0.01;
const shortNs = 2e7;
/** Above this share the note is a warning. */
const worthWarning = 0.1;
/** Starting and ending Python is mentioned above this share: it always takes a while. */
const usualStart = 0.1;

/**
 * Samples per second of CPU time: the rate that was asked for or, where the system did not keep up, the measured one to
 * two figures. 0 when nothing is known.
 */
export function samplingRate(profile: Profile): number {
  const asked = askedRate(profile);
  const cpu = cpuOf(profile.total);
  if (cpu < leastCpuNs) return asked;
  const got = (profile.total.samples / cpu) * 1e9;
  return got > 0.8 * asked ? asked : Number(got.toPrecision(2));
}

/** `4,012 samples at 250 Hz`, and what was lost where that matters. */
export function samplingSummary(profile: Profile): string {
  const rate = samplingRate(profile);
  const samples = formatSamples(profile.samples) + (rate > 0 ? ` at ${formatRate(rate)}` : '');
  const lost = losses(profile).map(({ share, word }) => `${formatPercent(share)} ${word}`);
  const unseen = unseenNs(profile);
  if (isNews(unseen, profile, worthSaying)) {
    lost.push(`${formatSeconds(unseen)} of CPU time seen by no sample`);
  }
  return [samples, ...lost].join(' · ');
}

/** Notes on how the samples were taken, one sentence each; none when all is well. */
export function samplingNotes(profile: Profile): Note[] {
  const lost = losses(profile).map(({ count, share, sentence, hurts }) =>
    note(hurts ? share : 0, `${formatSamples(count)} (${formatPercent(share)}) ${sentence}`),
  );
  return [...lost, ...rateNotes(profile), ...offLineNotes(profile)];
}

interface Loss {
  count: number;
  share: number;
  word: string;
  sentence: string;
  /** Whether figures are wrong by it, and not only coarser. */
  hurts: boolean;
}

function losses({ samples, dropped, rejected, late }: Profile): Loss[] {
  const kinds = [
    {
      count: dropped,
      word: 'dropped',
      hurts: true,
      sentence:
        'were dropped because a buffer was full; the next sample of the thread has their time.',
    },
    {
      count: rejected,
      word: 'rejected',
      hurts: true,
      sentence:
        'were rejected because the stack was just changing; the next sample of the thread has their time.',
    },
    {
      count: late,
      word: 'late',
      hurts: false,
      sentence:
        'came more than 25 ms after the one before, usually because no core was free; CPU time is exact all the same.',
    },
  ];
  const tried = samples + dropped + rejected;
  return kinds
    .map((kind) => ({ ...kind, share: tried > 0 ? kind.count / tried : 0 }))
    .filter(({ count, share }) => count >= fewSamples && share > worthSaying);
}

/** A note where a user asked for a finer rate than the default and did not get it. Slower than the default is usual. */
function rateNotes(profile: Profile): Note[] {
  const asked = askedRate(profile);
  const rate = samplingRate(profile);
  if (asked <= 1000 || rate >= asked) return [];
  const text = `Samples were taken at ${formatRate(rate)} instead of the ${formatRate(asked)} asked for; times are as exact, but rest on fewer samples.`;
  return [note(0, text)];
}

function offLineNotes(profile: Profile): Note[] {
  const notes: Note[] = [];
  const { interpreter, libraries } = profile.offLine;
  const shareOf = (ns: number): number => ns / allCpu(profile);
  const spent = (ns: number): string =>
    `${formatSeconds(ns)} of CPU time (${formatPercent(shareOf(ns))})`;
  const unseen = unseenNs(profile);
  if (isNews(unseen, profile, worthSaying)) {
    const text = `${spent(unseen)} was seen by no sample; it is in the totals, but on no line.`;
    notes.push(note(shareOf(unseen), text));
  }
  const threads = libraries.reduce((sum, { ns }) => sum + ns, 0);
  if (isNews(threads, profile, worthSaying)) {
    const where = `${libraries.length > 1 ? 'mostly ' : ''}in ${libraries[0]?.module || 'generated code'}`;
    const text = `${spent(threads)} was spent ${where} by threads without Python code that worked for no line; the flame chart shows it, no line does.`;
    notes.push(note(0, text));
  }
  if (isNews(interpreter, profile, usualStart)) {
    const text = `${spent(interpreter)} went into starting and ending Python; it is on no line.`;
    notes.push(note(0, text));
  }
  return notes;
}

function isNews(ns: number, profile: Profile, leastShare: number): boolean {
  return ns >= shortNs && ns > leastShare * allCpu(profile);
}

function allCpu({ cpuNs, total }: Profile): number {
  return Math.max(cpuNs, cpuOf(total));
}

/** CPU time that no sample explains, of threads with samples and of those without. */
function unseenNs({ processes, offLine, cpuNs, total }: Profile): number {
  // The clock of a process that runs is ahead of its samples.
  if (processes.some(({ state }) => state === 'running')) return offLine.unseen;
  const agentNs = processes.reduce((sum, { agentCpuNs }) => sum + agentCpuNs, 0);
  return offLine.unseen + Math.max(0, cpuNs - agentNs - cpuOf(total));
}

function note(share: number, text: string): Note {
  return { severity: share > worthWarning ? 'warning' : 'information', text };
}

function askedRate(profile: Profile): number {
  const intervalNs = profile.processes[0]?.intervalNs ?? 0;
  return intervalNs > 0 ? 1e9 / intervalNs : 0;
}
