/** Memory of a process over time in few bytes: there are up to 512 points of each of very many processes. */
import type { FootprintPoint } from './types';

/**
 * What packPoints makes: a byte in each character, since a string takes less room beside its contents than an array.
 * Times and resident sizes are counted in units, the largest ones that divide all of them; each point is its difference
 * to the one before.
 */
export type PackedPoints = string;

/** So many arguments any engine passes to a function. */
const mostArguments = 4096;

/** Bytes and times are rounded to whole ones. */
export function packPoints(points: readonly FootprintPoint[]): PackedPoints {
  const bytes: number[] = [];
  const put = (value: number): void => {
    // Zigzag, by arithmetic: these are more than 32 bits.
    let left = value < 0 ? -2 * value - 1 : 2 * value;
    for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
    bytes.push(left);
  };
  let timeUnit = 0;
  let residentUnit = 0;
  for (const { ns, residentBytes } of points) {
    timeUnit = commonDivisor(timeUnit, Math.round(ns));
    residentUnit = commonDivisor(residentUnit, Math.round(residentBytes ?? 0));
  }
  put(timeUnit);
  put(residentUnit);
  let before = { time: 0, resident: 0, live: 0 };
  for (const { ns, residentBytes, liveBytes } of points) {
    const time = Math.round(ns) / (timeUnit || 1);
    const resident = residentBytes === null ? -1 : Math.round(residentBytes) / (residentUnit || 1);
    const live = Math.round(liveBytes);
    put(time - before.time);
    put(resident - before.resident);
    put(live - before.live);
    before = { time, resident, live };
  }
  let packed = '';
  for (let at = 0; at < bytes.length; at += mostArguments) {
    packed += String.fromCharCode(...bytes.slice(at, at + mostArguments));
  }
  return packed;
}

/** Euclid's, of whole numbers; of 0 and another it is the other. */
function commonDivisor(one: number, other: number): number {
  let divisor = Math.abs(one);
  for (let rest = Math.abs(other); rest !== 0;) [divisor, rest] = [rest, divisor % rest];
  return divisor;
}

export function unpackPoints(packed: PackedPoints): FootprintPoint[] {
  let at = 0;
  const take = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = packed.charCodeAt(at++);
      value += (byte % 128) * scale;
      if (byte < 128) break;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  const points: FootprintPoint[] = [];
  if (packed === '') return points;
  const timeUnit = take();
  const residentUnit = take();
  let time = 0;
  let resident = 0;
  let live = 0;
  while (at < packed.length) {
    time += take();
    resident += take();
    live += take();
    points.push({
      ns: time * timeUnit,
      residentBytes: resident < 0 ? null : resident * residentUnit,
      liveBytes: live,
    });
  }
  return points;
}
