/**
 * The tracks under headings, by process, and which are open. With many threads the busiest are open, the others are a
 * heading each, and what goes beyond a screen full of headings is one heading more.
 */
import type { Track } from '../profile/flameTrack';
import { count } from './format';
import { threadName } from './names';
import type { State } from './state';

/** So many tracks are open until somebody closes them. */
const mostOpen = 12;
/** So many processes, and tracks of each, have a heading of their own until somebody asks for the rest. */
const mostListed = 24;

/** A line above a track, or above all tracks of a process. */
export interface Heading {
  /** `t3`: a track, `p71`: a process, `r71`: the rest of its tracks, `rest`: that of the processes. */
  key: string;
  title: string;
  /** The tracks it speaks of. */
  tracks: readonly Track[];
  open: boolean;
  /** It stands under another one. */
  inner: boolean;
}

/** A heading, a track, or both. */
export interface Lane {
  heading: Heading | null;
  track: Track | null;
  open: boolean;
}

/** The lanes of the time order view, from top to bottom. A heading only where there is something to tell apart. */
export function layoutLanes(state: State): Lane[] {
  const { shown, store } = state;
  if (store.tracks.length === 1) {
    return shown.map((track) => ({ heading: null, track, open: true }));
  }
  const several = store.tracks.some(({ pid }) => pid !== store.tracks[0]!.pid);
  const processes = byProcess(shown);
  const lanes: Lane[] = [];
  const place: Place = { state, lanes, passed: 0 };
  const [listed, rest] = split(processes);
  for (const tracks of listed) addProcess(place, tracks, several);
  if (rest.length > 0) {
    const title = count(rest.length, 'more process', 'more processes');
    if (add(place, 'rest', title, rest.flat(), false, false)) {
      for (const tracks of rest) addProcess(place, tracks, several);
    }
  }
  return lanes;
}

interface Place {
  state: State;
  lanes: Lane[];
  /** Tracks so far, open or not. */
  passed: number;
}

function addProcess(place: Place, tracks: Track[], several: boolean): void {
  const [first] = tracks as [Track, ...Track[]];
  if (several && tracks.length === 1) {
    const title = `${processTitle(first)} · ${threadName(first)}`;
    addTrack(place, first, title, false);
    return;
  }
  if (several && !add(place, `p${first.pid}`, processTitle(first), tracks, false, true)) {
    place.passed += tracks.length;
    return;
  }
  const [listed, rest] = split(tracks);
  for (const track of listed) addTrack(place, track, threadName(track), several);
  if (rest.length === 0) return;
  const title = count(rest.length, 'more thread');
  if (add(place, `r${first.pid}`, title, rest, several, false)) {
    for (const track of rest) addTrack(place, track, threadName(track), several);
  } else place.passed += rest.length;
}

function addTrack(place: Place, track: Track, title: string, inner: boolean): void {
  add(place, `t${track.id}`, title, [track], inner, place.passed++ < mostOpen);
}

/** Adds a heading, with a track if it is one's; whether it is open. */
function add(
  { state, lanes }: Place,
  key: string,
  title: string,
  tracks: Track[],
  inner: boolean,
  openAtFirst: boolean,
): boolean {
  const open = openAtFirst !== state.toggled.has(key);
  const track = key.startsWith('t') ? tracks[0]! : null;
  lanes.push({ heading: { key, title, tracks, open, inner }, track, open });
  return open;
}

/** What is listed at first, and the rest, unless that were one. */
function split<T>(all: T[]): [T[], T[]] {
  const listed = all.length > mostListed + 1 ? mostListed : all.length;
  return [all.slice(0, listed), all.slice(listed)];
}

/** Opens what hides a track; false when nothing did. */
export function openTrack(state: State, track: Track): boolean {
  let opened = false;
  for (const key of ['rest', `p${track.pid}`, `r${track.pid}`, `t${track.id}`]) {
    const hidden = layoutLanes(state).some(
      ({ heading }) => heading?.key === key && !heading.open && heading.tracks.includes(track),
    );
    if (hidden) toggle(state, key);
    opened ||= hidden;
  }
  return opened;
}

/** Opens what is closed, closes what is open. */
export function toggle(state: State, key: string): void {
  if (!state.toggled.delete(key)) state.toggled.add(key);
}

/** `server.py · process 71`. */
export function processTitle({ process, pid }: Track): string {
  return process ? `${process} · process ${pid}` : `Process ${pid}`;
}

/** The tracks of each process, in the order of each one's first track. */
export function byProcess(tracks: readonly Track[]): Track[][] {
  const processes = new Map<number, Track[]>();
  for (const track of tracks) {
    const known = processes.get(track.pid);
    if (known) known.push(track);
    else processes.set(track.pid, [track]);
  }
  return [...processes.values()];
}
