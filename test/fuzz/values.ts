/** Values that programs stumble over. */
import { below } from '../unit/random';

export type Random = () => number;

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[below(random, from.length)]!;
}

const numbers = [
  ...[0, 1, 2, 3, 7, 127, 128, 255, 256, 65_535, 65_536, 2 ** 20, 2 ** 24],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 2 ** 52, 2 ** 53 - 1, 2 ** 53],
  ...[2 ** 57, 2 ** 60, 2 ** 63, 2 ** 64 - 2 ** 12],
];

/** Something else than a number was. */
export function otherNumber(random: Random, was: number): number {
  switch (below(random, 6)) {
    case 0:
      return pick(random, numbers);
    case 1:
      return -pick(random, numbers);
    case 2:
      return was + 1 - below(random, 3);
    case 3:
      return Math.floor(was * 1000 * random());
    case 4:
      return Math.floor(random() * 2 ** below(random, 64));
    default:
      return below(random, 300);
  }
}

/** Something else than an estimate was, which may be a fraction or no number at all. */
export function otherEstimate(random: Random, was: number): number {
  return below(random, 2) === 0
    ? otherNumber(random, was)
    : pick(random, [NaN, Infinity, -Infinity, -was, was / 3, 1e300, -1e300, 5e-324, 2 ** 119]);
}

const escape = String.fromCharCode(27);
const texts = [
  ...['', ' ', '.', '..', '/', '/dev/zero', '/dev/ptmx', '/proc/self/mem', '../../etc/passwd'],
  ...['[x](command:workbench.action.terminal.new)', '<img src=x onerror=1>', '`${x}`', '%s%n'],
  ...[
    `${escape}]52;c;YQ==\u0007`,
    `${escape}[2J`,
    '\n',
    '\r\n',
    '\t',
    '\u202e',
    '\u2028',
    '\u0000',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '<frozen x>',
    '😀'.repeat(50),
    '\ud800',
    '́'.repeat(99),
  ],
  ...['a'.repeat(5000), 'a/'.repeat(3000), '_ZN'.repeat(500), `_Z${'N1a'.repeat(300)}E`, '_RNvC'],
];

export function otherText(random: Random, was: string): string {
  const text = pick(random, texts);
  switch (below(random, 3)) {
    case 0:
      return text;
    case 1:
      return was + text;
    default: {
      const at = below(random, was.length + 1);
      return was.slice(0, at) + text + was.slice(at);
    }
  }
}

/** Some of the bytes changed, left out, put in, doubled or zero. */
export function otherBytes(random: Random, was: Uint8Array): Uint8Array {
  const bytes = Buffer.from(was);
  const at = below(random, bytes.length + 1);
  const length = below(random, Math.min(64, bytes.length - at) + 1);
  const noise = Buffer.from(Array.from({ length: below(random, 32) }, () => below(random, 256)));
  switch (below(random, 6)) {
    case 0:
      for (let count = 1 + below(random, 8); count > 0 && bytes.length > 0; count--) {
        bytes[below(random, bytes.length)]! ^= 1 << below(random, 8);
      }
      return bytes;
    case 1:
      return bytes.subarray(0, at);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    default:
      return bytes.fill(0, at, at + length);
  }
}
