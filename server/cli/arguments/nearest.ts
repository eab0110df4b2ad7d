/** The word that was probably meant. */

/** The one of `words` that is nearest to a mistyped one; undefined if none differs by at most two letters. */
export function nearest(typed: string, words: readonly string[]): string | undefined {
  const [best] = words
    .map((word) => ({ word, distance: distance(typed, word) }))
    .filter(({ word, distance: letters }) => letters <= Math.min(2, word.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return best?.word;
}

/** Letters to insert, remove, replace or swap with their neighbour (restricted Damerau–Levenshtein distance). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwapped =
        row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      next[column] = Math.min(
        last[column]! + 1,
        next[column - 1]! + 1,
        last[column - 1]! + (isSame ? 0 : 1),
        isSwapped ? before[column - 2]! + 1 : Infinity,
      );
    }
    before = last;
    last = next;
  }
  return last[b.length]!;
}
