/** The figures of a site are a row of numbers, in this order. Bytes and counts are estimates. */
export const siteRow = {
  allocated: 0,
  allocations: 1,
  /** The part of allocated that Python's own allocators gave. */
  python: 2,
  copied: 3,
  /** Mapped, not unmapped, and not touched. */
  reserved: 4,
  live: 5,
  /** Live bytes when those of the process were at their highest. */
  peak: 6,
  /** Expected squares of the errors of allocated and of live, bytes². */
  variance: 7,
  liveVariance: 8,
  /** Allocations recorded. */
  records: 9,
  /** When the first allocation was recorded, and the last. */
  firstNs: 10,
  lastNs: 11,
} as const;
export const siteRowLength = 12;
/** Figures before this one can be added up over processes. */
export const firstMoment = siteRow.firstNs;
