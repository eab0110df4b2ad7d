/** What a sampled block of memory stands for. */

/** The probability that something of this size was recorded: every byte is chosen once in a period. */
export function chance(size: number, period: number): number {
  return period === 0 || size === 0 ? 1 : -Math.expm1(-size / period);
}

/** What one observation adds to the expected square of the error of a sum of value / chance. */
export function spread(value: number, seen: number): number {
  return (value / seen) ** 2 * (1 - seen);
}
