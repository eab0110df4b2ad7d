// Keeps a benchmark within a time limit.

/** How long a quick run may take, milliseconds: a bit less than five minutes. */
export const quickMs = 285_000;

/**
 * Yields items one after the other until the next one would probably end too late, judged by the longest so far. The first
 * item is always yielded.
 * @template T
 * @param {readonly T[]} items
 * @param {number} limitMs
 * @returns {Generator<T>}
 */
export function* whileTimeLasts(items, limitMs) {
  const began = performance.now();
  let longest = 0;
  for (const item of items) {
    const start = performance.now();
    if (start - began + longest > limitMs) return;
    yield item;
    longest = Math.max(longest, performance.now() - start);
  }
}
