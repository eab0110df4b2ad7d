import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Lineheat's version, from the package.json beside dist/ (and beside server/, in tests). */
export const version: string = readVersion();

function readVersion(): string {
  try {
    const text = readFileSync(join(__dirname, '..', 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}
