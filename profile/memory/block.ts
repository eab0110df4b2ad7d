/** What a sampled block of memory stands for: statistics of sampling by bytes. */

/** The probability that a block of this size is recorded, when on average one byte in `period` is chosen. */
export function probabilityOf(size: number, period: number): number {
  return period === 0 || size === 0 ? 1 : -Math.expm1(-size / period);
}

/**
 * What one observation, recorded with this probability, adds to the expected square of the error of a sum of value /
 * probability.
 */
export function varianceOf(value: number, probability: number): number {
  return (value / probability) ** 2 * (1 - probability);
}
