/**
 * Which files here are those of a run, which text they had when the run began, and where their lines are
 * now. Files are matched by real path, never by how a path ends.
 */
import { realpathSync, statSync } from 'node:fs';
import { leastOf } from '../../profile/extremes';
import { mapLines, type LineMap } from './lineMap';
import type { FileCost, Profile } from '../../profile/types';
import { mergeFiles } from './mergeFiles';
import { readRegularText } from '../reading/regularFile';

/** A file of the shown run that exists on this machine. */
export interface LocalFile {
  /** Real path. */
  path: string;
  /** As the recording names it; more than one when the program reached it through links. */
  recorded: string[];
  /** Its text when the run began; undefined when it had been changed before it was first looked at. */
  captured: string[] | undefined;
}

/** [prefix in the recording, prefix here]. */
export type PathMappings = readonly (readonly [string, string])[];

/** Bytes; nobody reads a larger file line by line. */
export const largestSource = 32 << 20;

/** Real paths, remembered briefly: the same few files are asked for with every keystroke. */
const realPaths = new Map<string, { path: string | undefined; until: number }>();
const rememberMs = 5000;

/** The real path of a file, or undefined when it does not exist. Cached for some seconds. */
export function realPath(path: string): string | undefined {
  const now = Date.now();
  const known = realPaths.get(path);
  if (known && known.until > now) return known.path;
  let real: string | undefined;
  try {
    real = realpathSync.native(path);
  } catch {
    real = undefined;
  }
  if (realPaths.size > 10_000) realPaths.clear();
  realPaths.set(path, { path: real, until: now + rememberMs });
  return real;
}

/** Applies the mapping with the longest matching prefix; prefixes match whole path components. */
export function mapPath(recorded: string, mappings: PathMappings): string {
  let best: readonly [string, string] | undefined;
  for (const mapping of mappings) {
    const prefix = mapping[0].replace(/\/+$/, '');
    const matches = recorded === prefix || recorded.startsWith(`${prefix}/`);
    if (matches && prefix.length >= (best?.[0].length ?? 0)) best = [prefix, mapping[1]];
  }
  return best ? best[1].replace(/\/+$/, '') + recorded.slice(best[0].length) : recorded;
}

/** Splits text as editors do; a file's last empty line counts. */
export function splitLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}

/** The files of one run on this machine. */
export class Sources {
  readonly #byRecorded = new Map<string, LocalFile | null>();
  readonly #byReal = new Map<string, LocalFile>();
  readonly #maps = new WeakMap<LocalFile, { version: number; map: LineMap }>();
  readonly #mappings: PathMappings;

  constructor(mappings: PathMappings) {
    this.#mappings = mappings;
  }

  /** Looks up files that the profile names and that are new here; captures their text while that is still what ran. */
  update(profile: Profile): void {
    const startedMs = leastOf(profile.processes, ({ startUnixMs }) => startUnixMs);
    for (const path of profile.files.keys()) {
      if (!this.#byRecorded.has(path)) this.#byRecorded.set(path, this.#find(path, startedMs));
    }
  }

  /** All files found here. */
  files(): IterableIterator<LocalFile> {
    return this.#byReal.values();
  }

  /** A file by a path on this machine, however it is reached. */
  at(path: string): LocalFile | undefined {
    return this.#byReal.get(path) ?? this.#byReal.get(realPath(path) ?? '');
  }

  /** A file by its path in the recording. */
  recordedAs(path: string): LocalFile | undefined {
    return this.#byRecorded.get(path) ?? undefined;
  }

  /** The costs of a file, of all its names in the recording together; undefined when it has none. */
  cost(file: LocalFile, profile: Profile): FileCost | undefined {
    const parts = file.recorded.flatMap((path) => profile.files.get(path) ?? []);
    return mergeFiles(parts);
  }

  /**
   * Where the captured lines are in a document's current text. `version`: the document's; a map is kept for its version.
   * Undefined when the text at the run is unknown: lines keep their numbers then, and each may have changed.
   */
  lineMap(file: LocalFile, version: number, text: () => string): LineMap | undefined {
    if (!file.captured) return undefined;
    const known = this.#maps.get(file);
    if (known?.version === version) return known.map;
    const map = mapLines(file.captured, splitLines(text()));
    this.#maps.set(file, { version, map });
    return map;
  }

  #find(recorded: string, startedMs: number): LocalFile | null {
    const path = recorded.startsWith('/') ? realPath(mapPath(recorded, this.#mappings)) : undefined;
    if (path === undefined) return null;
    const known = this.#byReal.get(path);
    if (known) {
      known.recorded.push(recorded);
      return known;
    }
    const file: LocalFile = { path, recorded: [recorded], captured: capture(path, startedMs) };
    this.#byReal.set(path, file);
    return file;
  }
}

function capture(path: string, startedMs: number): string[] | undefined {
  try {
    // A file saved after the start may not be the text that ran.
    if (statSync(path).mtimeMs > startedMs) return undefined;
    const text = readRegularText(path, largestSource);
    return text === undefined ? undefined : splitLines(text);
  } catch {
    return undefined;
  }
}
