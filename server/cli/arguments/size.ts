/** A size on the disk, as the command line takes it. */
import { Misuse } from './misuse';

const units: Readonly<Record<string, number>> = { kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 };
const leastBytes = 100e3;

/** Bytes of `2GB`, `500MB`; Infinity of `none`. Throws Misuse. */
export function limitOf(text: string): number {
  if (text === 'none') return Infinity;
  const [, number, unit] = /^(\d+(?:\.\d+)?|\.\d+) ?([kmgt]b)$/i.exec(text) ?? [];
  const bytes = Math.round(Number(number) * (units[unit?.toLowerCase() ?? ''] ?? NaN));
  if (bytes >= leastBytes) return bytes;
  throw new Misuse(
    `--limit takes a size with its unit, 100KB or more, such as 2GB or 500MB, or none; not "${text}".`,
  );
}
