/** The time between two samples, as the command line takes it: a duration, a rate, or microseconds. */
import { Misuse } from './misuse';

const shortestUs = 50;
const longestUs = 1_000_000;
const unitsUs: Readonly<Record<string, number>> = { us: 1, µs: 1, μs: 1, ms: 1000, s: 1_000_000 };

/** Microseconds of `1ms`, `0.5ms`, `200us`. Throws Misuse, as the other two do. */
export function intervalOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?|\.\d+) ?(us|µs|μs|ms|s)$/.exec(text) ?? [];
  const value = Math.round(Number(number) * (unitsUs[unit ?? ''] ?? NaN));
  if (isWithin(value)) return value;
  throw new Misuse(
    `--interval takes a time with its unit, from 50us to 1s, such as 1ms; not "${text}".`,
  );
}

/** Microseconds between samples, of a number of samples per second. */
export function intervalOfRate(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Math.round(1e6 / Number(text)) : NaN;
  if (isWithin(value)) return value;
  throw new Misuse(`--rate takes samples per second, from 1 to 20000, not "${text}".`);
}

/** A whole number of microseconds. */
export function intervalOfUs(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (isWithin(value)) return value;
  throw new Misuse(
    `--interval-us takes a whole number of microseconds from 50 to 1000000, not "${text}".`,
  );
}

function isWithin(value: number): boolean {
  return value >= shortestUs && value <= longestUs;
}
