/** Mutants on the disk. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Files } from './mutate';

/** Writes the files of a mutant into a new folder. Returns the path of the recording. */
export function writeFiles(place: string, files: Files): string {
  mkdirSync(place, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(place, name), bytes);
  return files.has('x.lineheat') ? join(place, 'x.lineheat') : place;
}
