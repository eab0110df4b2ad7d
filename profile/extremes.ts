/** The least and the most of many numbers. Math.min takes them as arguments, and a stack has no room for 130,000 of those. */

/** Infinity of none. */
export function leastOf<T>(of: Iterable<T>, value: (one: T) => number): number {
  let least = Infinity;
  for (const one of of) least = Math.min(least, value(one));
  return least;
}

/** 0 of none, and where all are less. */
export function mostOf<T>(of: Iterable<T>, value: (one: T) => number): number {
  let most = 0;
  for (const one of of) most = Math.max(most, value(one));
  return most;
}
