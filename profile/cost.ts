/** Arithmetic on costs. */
import type { Cost } from './types';
import type { Writable } from './writable';

/** A cost that is being added up. */
export type CostSum = Writable<Cost>;

export function zeroCost(): CostSum {
  return {
    python: 0,
    runtime: 0,
    native: 0,
    system: 0,
    wait: 0,
    gil: 0,
    queue: 0,
    helper: 0,
    unsure: 0,
    after: 0,
    samples: 0,
  };
}

/** Adds a cost to another, in place. */
export function addCost(to: CostSum, cost: Cost): void {
  to.python += cost.python;
  to.runtime += cost.runtime;
  to.native += cost.native;
  to.system += cost.system;
  to.wait += cost.wait;
  to.gil += cost.gil;
  to.queue += cost.queue;
  to.helper += cost.helper;
  to.unsure += cost.unsure;
  to.after += cost.after;
  to.samples += cost.samples;
}

/** CPU time, ns, that of helper threads included. */
export function cpuOf(cost: Cost): number {
  return cost.python + cost.native + cost.system + cost.helper;
}

/**
 * Time of the threads themselves, ns: on a CPU, waiting, or ready without a core. The time of helpers is not added,
 * since it passed meanwhile.
 */
export function wallOf(cost: Cost): number {
  return cost.python + cost.native + cost.system + cost.wait + cost.queue;
}

/**
 * Costs under construction are rows of numbers in one array, in this order: millions are added up, and numbers in an
 * array are neither boxed nor allocated.
 */
export const costRow = {
  python: 0,
  runtime: 1,
  native: 2,
  system: 3,
  wait: 4,
  gil: 5,
  queue: 6,
  helper: 7,
  unsure: 8,
  after: 9,
  samples: 10,
} as const;
export const costRowLength = 11;

/** Adds the row at an offset of an array to the row at an offset of another. */
export function addRow(
  to: Float64Array,
  toOffset: number,
  from: Float64Array,
  fromOffset: number,
): void {
  for (let index = 0; index < costRowLength; index++) {
    to[toOffset + index]! += from[fromOffset + index]!;
  }
}

/** The row at an offset, as a cost. */
export function costOfRow(rows: Float64Array, offset: number): Cost {
  return {
    python: rows[offset + costRow.python]!,
    runtime: rows[offset + costRow.runtime]!,
    native: rows[offset + costRow.native]!,
    system: rows[offset + costRow.system]!,
    wait: rows[offset + costRow.wait]!,
    gil: rows[offset + costRow.gil]!,
    queue: rows[offset + costRow.queue]!,
    helper: rows[offset + costRow.helper]!,
    unsure: rows[offset + costRow.unsure]!,
    after: rows[offset + costRow.after]!,
    samples: rows[offset + costRow.samples]!,
  };
}
