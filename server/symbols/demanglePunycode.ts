import { NotUnderstood } from './demangleText';

/** Rust's encoding of names with other characters than ASCII: RFC 3492, with `_` instead of `-`. */
export function fromPunycode(name: string): string {
  const cut = name.lastIndexOf('_');
  const characters = [...name.slice(0, Math.max(0, cut))];
  const digits = 'abcdefghijklmnopqrstuvwxyz0123456789';
  let codePoint = 128;
  let place = 0;
  let bias = 72;
  let isFirst = true;
  for (let at = cut + 1; at < name.length;) {
    const before = place;
    for (let weight = 1, k = 36; ; k += 36) {
      const digit = digits.indexOf(name[at++] ?? '?');
      if (digit < 0) {
        throw new NotUnderstood();
      }
      place += digit * weight;
      const least = Math.min(26, Math.max(1, k - bias));
      if (digit < least) {
        break;
      }
      weight *= 36 - least;
    }
    const count = characters.length + 1;
    let delta = Math.floor((place - before) / (isFirst ? 700 : 2));
    delta += Math.floor(delta / count);
    let steps = 0;
    for (; delta > 455; steps += 36) {
      delta = Math.floor(delta / 35);
    }
    bias = steps + Math.floor((36 * delta) / (delta + 38));
    isFirst = false;
    codePoint += Math.floor(place / count);
    place %= count;
    if (codePoint > 0x10ffff) {
      throw new NotUnderstood();
    }
    characters.splice(place++, 0, String.fromCodePoint(codePoint));
  }
  return characters.join('');
}
