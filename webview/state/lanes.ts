/**
 * The tracks under headings, by process, and which are open. With many threads the busiest are open, the others are a
 * heading each, and what goes beyond a screen full of headings is one heading more. Threads of one kind share lanes.
 */
import type { Track } from '../model/track';
import { formatNumberOf } from '../../profile/words/numbers';
import { threadName } from './names';
import { isMain, shareLanes, type Part, type Sharing } from './share';
import type { State } from './state';

/** This many tracks are open at first. */
const mostOpen = 12;
/** This many processes, and tracks of each process, have a heading of their own; the rest has one heading, closed at first. */
const mostListed = 24;

/** A line above a track, or above all tracks of a process. */
export interface Heading {
  /** `t3`: a track, `g71 Thread-*`: those that share lanes, `p71`: a process, `r71`: the rest of its tracks, `rest`: that of the processes. */
  key: string;
  title: string;
  /** The tracks under the heading. */
  tracks: readonly Track[];
  open: boolean;
  /** The heading stands under another one. */
  inner: boolean;
  /** How the tracks share lanes; null: they do not. */
  sharing: Sharing | null;
}

/** A heading, what is drawn, or both. */
export interface Lane {
  heading: Heading | null;
  track: Track | null;
  /** The tracks that share the lane; null: none do. */
  shared: readonly Part[] | null;
  open: boolean;
}

/** The lanes of the time order view, from top to bottom. A single track has no heading. */
export function layoutLanes(state: State): Lane[] {
  const { shown, store } = state;
  if (store.tracks.length === 1) {
    return shown.map((track) => ({ heading: null, track, shared: null, open: true }));
  }
  const several = store.tracks.some(({ pid }) => pid !== store.tracks[0]!.pid);
  const processes = byProcess(shown);
  const lanes: Lane[] = [];
  const place: Place = { state, lanes, tracksBefore: 0 };
  const [listed, rest] = split(processes);
  for (const tracks of listed) addProcess(place, tracks, several);
  if (rest.length > 0) {
    const title = formatNumberOf(rest.length, 'more process', 'more processes');
    if (add(place, 'rest', title, rest.flat(), false, false)) {
      for (const tracks of rest) addProcess(place, tracks, several);
    }
  }
  return lanes;
}

interface Place {
  state: State;
  lanes: Lane[];
  /** How many tracks are above, open or not. */
  tracksBefore: number;
}

function addProcess(place: Place, tracks: Track[], several: boolean): void {
  const [first] = tracks as [Track, ...Track[]];
  if (several && tracks.length === 1) {
    const title = `${processTitle(first)} · ${threadName(first)}`;
    addTrack(place, first, title, false);
    return;
  }
  if (several && !add(place, `p${first.pid}`, processTitle(first), tracks, false, true)) {
    place.tracksBefore += tracks.length;
    return;
  }
  const entries = entriesOf(place.state, tracks);
  const [listed, rest] = split(entries);
  for (const entry of listed) addEntry(place, entry, several);
  if (rest.length === 0) return;
  const hidden = rest.flatMap((entry) => ('lanes' in entry ? entry.tracks : [entry]));
  const title = formatNumberOf(hidden.length, 'more thread');
  if (add(place, `r${first.pid}`, title, hidden, several, false)) {
    for (const entry of rest) addEntry(place, entry, several);
  } else place.tracksBefore += hidden.length;
}

/** What a process lists: a track, or tracks that share lanes. */
type Entry = Track | Sharing;

/** The entries of a process: the main thread first, then the busiest, or as they were listed while the run is live. */
function entriesOf(state: State, tracks: Track[]): Entry[] {
  const { store, shown, live } = state;
  let cached = state.cache.lanes;
  if (cached?.shown !== shown || cached.revision !== store.revision) {
    cached = state.cache.lanes = { shown, revision: store.revision, entries: new Map() };
  }
  const { pid } = tracks[0]!;
  let entries = cached.entries.get(pid);
  if (!entries) {
    const shared = new Map<Track, Sharing>();
    for (const sharing of shareLanes(store, tracks)) {
      for (const track of sharing.tracks) shared.set(track, sharing);
    }
    entries = [...new Set(tracks.map((track): Entry => shared.get(track) ?? track))];
    if (!live && shared.size > 0) entries.sort((a, b) => weightOf(b) - weightOf(a));
    cached.entries.set(pid, entries);
  }
  return entries;
}

function weightOf(entry: Entry): number {
  if ('lanes' in entry) return entry.tracks.reduce((sum, { cpuNs }) => sum + cpuNs, 0);
  return isMain(entry) ? Infinity : entry.cpuNs;
}

function addEntry(place: Place, entry: Entry, inner: boolean): void {
  if (!('lanes' in entry)) {
    addTrack(place, entry, threadName(entry), inner);
    return;
  }
  const { name, tracks, lanes } = entry;
  const [first, ...others] = lanes;
  const openAtFirst = place.tracksBefore < mostOpen;
  place.tracksBefore += lanes.length;
  if (!add(place, `g${tracks[0]!.pid} ${name}`, name, tracks, inner, openAtFirst, entry)) return;
  place.lanes.at(-1)!.shared = first!;
  for (const shared of others) place.lanes.push({ heading: null, track: null, shared, open: true });
}

function addTrack(place: Place, track: Track, title: string, inner: boolean): void {
  add(place, `t${track.id}`, title, [track], inner, place.tracksBefore++ < mostOpen);
}

/** Adds a heading, with a track if the heading is that of one track; returns whether the heading is open. */
function add(
  { state, lanes }: Place,
  key: string,
  title: string,
  tracks: Track[],
  inner: boolean,
  openAtFirst: boolean,
  sharing: Sharing | null = null,
): boolean {
  const open = openAtFirst !== state.toggled.has(key);
  const track = key.startsWith('t') ? tracks[0]! : null;
  const heading = { key, title, tracks, open, inner, sharing };
  lanes.push({ heading, track, shared: null, open });
  return open;
}

/** What is listed at first, and the rest; a rest of one is listed too. */
function split<T>(all: T[]): [T[], T[]] {
  const listed = all.length > mostListed + 1 ? mostListed : all.length;
  return [all.slice(0, listed), all.slice(listed)];
}

/** State.toggled with every heading open that hides a track; the same set when none hides it. */
export function openedFor(state: State, track: Track): ReadonlySet<string> {
  const hiding = layoutLanes(state).find(
    ({ heading }) => heading && !heading.open && heading.tracks.includes(track),
  )?.heading;
  if (!hiding) return state.toggled;
  return openedFor({ ...state, toggled: toggled(state.toggled, hiding.key) }, track);
}

/** State.toggled with a heading opened that is closed, or closed that is open. */
export function toggled(headings: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(headings);
  if (!next.delete(key)) next.add(key);
  return next;
}

/** `server.py · process 71`. */
export function processTitle({ process, pid }: Track): string {
  return process ? `${process} · process ${pid}` : `Process ${pid}`;
}

/** The tracks of each process, in the order of each one's first track. */
export function byProcess(tracks: readonly Track[]): Track[][] {
  const processes = new Map<number, Track[]>();
  for (const track of tracks) {
    const tracksOfProcess = processes.get(track.pid);
    if (tracksOfProcess) tracksOfProcess.push(track);
    else processes.set(track.pid, [track]);
  }
  return [...processes.values()];
}
