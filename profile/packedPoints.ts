/** Memory of a process over time in few bytes: there are up to 512 points of each of very many processes. */
import type { FootprintPoint } from './types';

/** What packPoints makes. */
export type PackedPoints = Uint8Array;

/** Bytes and times are rounded to whole ones. Each point is its difference to the one before. */
export function packPoints(points: readonly FootprintPoint[]): PackedPoints {
  const bytes: number[] = [];
  const put = (value: number): void => {
    // Zigzag, by arithmetic: these are more than 32 bits.
    let left = value < 0 ? -2 * value - 1 : 2 * value;
    for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
    bytes.push(left);
  };
  let before = { time: 0, resident: 0, live: 0 };
  for (const { ns, residentBytes, liveBytes } of points) {
    const time = Math.round(ns);
    const resident = residentBytes === null ? -1 : Math.round(residentBytes);
    const live = Math.round(liveBytes);
    put(time - before.time);
    put(resident - before.resident);
    put(live - before.live);
    before = { time, resident, live };
  }
  return Uint8Array.from(bytes);
}

export function unpackPoints(packed: PackedPoints): FootprintPoint[] {
  let at = 0;
  const take = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = packed[at++]!;
      value += (byte % 128) * scale;
      if (byte < 128) break;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  const points: FootprintPoint[] = [];
  let time = 0;
  let resident = 0;
  let live = 0;
  while (at < packed.length) {
    time += take();
    resident += take();
    live += take();
    points.push({
      ns: time,
      residentBytes: resident < 0 ? null : resident,
      liveBytes: live,
    });
  }
  return points;
}
