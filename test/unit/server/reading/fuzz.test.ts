/** A few mutants of recordings, and all that once did harm (test/fuzz/found); `npm run fuzz` tries many. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFiles } from '../../../fuzz/files';
import { mutant } from '../../../fuzz/mutate';
import { readSeeds } from '../../../fuzz/seeds';
import { useRecording } from '../../../fuzz/use';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'lineheat-mutants-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('mutated recordings are reproducible and do no harm', () => {
  // Which are all read to their end, or this throws.
  const seeds = readSeeds();
  for (let index = 0; index < 40; index++) {
    const files = mutant(seeds, 1, index);
    expect(mutant(seeds, 1, index)).toEqual(files);
    expect(useRecording(writeFiles(join(folder, `${index}`), files)), `${index}`).toBeUndefined();
  }
}, 60_000);

const found = fileURLToPath(new URL('../../../fuzz/found/', import.meta.url));
const harmful = existsSync(found) ? readdirSync(found) : [];

test.each(harmful)('%s, which once did harm, does none', (name) => {
  const place = join(found, name);
  const file = join(place, 'x.lineheat');
  expect(useRecording(existsSync(file) ? file : place)).toBeUndefined();
});
