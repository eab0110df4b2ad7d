/** A time of a report: seconds, with the nanoseconds kept. */
export function seconds(ns: number): number {
  return Math.round(ns) / 1e9;
}
