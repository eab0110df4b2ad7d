/** The footprint of a process in few bytes: a run can have very many processes, with up to 512 points each. */
import type { FootprintPoint } from './types';

/**
 * What packPoints returns: a string with a byte in each character, since a string takes less room beside its contents
 * than an array. Times and resident sizes are multiples of units, the largest that divide all of them; each point is
 * stored as the difference to the previous one.
 */
export type PackedPoints = string;

/** Any engine can pass this many arguments to a function. */
const mostArguments = 4096;

/** Rounds bytes and times to whole numbers. */
export function packPoints(points: readonly FootprintPoint[]): PackedPoints {
  const bytes: number[] = [];
  const put = (value: number): void => {
    // Zigzag encoding by arithmetic, since values exceed 32 bits.
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
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

/** The greatest common divisor of whole numbers; of 0 and another number, the other. */
function commonDivisor(one: number, other: number): number {
  let divisor = Math.abs(one);
  for (let rest = Math.abs(other); rest !== 0;) [divisor, rest] = [rest, divisor % rest];
  return divisor;
}

/** The points that were packed, with whole numbers. */
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
