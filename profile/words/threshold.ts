/** Which costs are large enough to have figures. */

/** Lines with a smaller share of the run have no figures, unless the setting lineheat.thresholdPercent is another. */
export const defaultThresholdPercent = 1;

/** Whether an amount is at least this share (0…1) of the whole; an amount of zero never is. */
export function reachesThreshold(amount: number, whole: number, threshold: number): boolean {
  return whole > 0 && amount > 0 && amount >= threshold * whole;
}
