/**
 * The least and the most of many numbers. Math.min takes numbers as arguments, and a stack has no room for 130,000 of
 * them.
 */

/** Infinity if there are none. */
export function leastOf<T>(items: Iterable<T>, value: (item: T) => number): number {
  let least = Infinity;
  for (const item of items) least = Math.min(least, value(item));
  return least;
}

/** 0 if there are none, or if all are less. */
export function mostOf<T>(items: Iterable<T>, value: (item: T) => number): number {
  let most = 0;
  for (const item of items) most = Math.max(most, value(item));
  return most;
}
