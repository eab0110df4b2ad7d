// Quantiles and means.

/** The value below which a share of the numbers lies, interpolated; undefined if there are no numbers. */
export function quantile(numbers, share) {
  if (numbers.length === 0) return undefined;
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  return sorted[below] + (at - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}

export const median = (numbers) => quantile(numbers, 0.5);

export const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
