/** Arithmetic on costs. */
import type { Cost } from './types';

export function zeroCost(): Cost {
  return { python: 0, runtime: 0, native: 0, system: 0, wait: 0, gil: 0, samples: 0 };
}

/** Adds a cost to another, in place. */
export function addCost(to: Cost, cost: Readonly<Cost>): void {
  to.python += cost.python;
  to.runtime += cost.runtime;
  to.native += cost.native;
  to.system += cost.system;
  to.wait += cost.wait;
  to.gil += cost.gil;
  to.samples += cost.samples;
}

/** CPU time, ns. */
export function cpuOf(cost: Readonly<Cost>): number {
  return cost.python + cost.native + cost.system;
}

/** Time on a CPU or not, ns. */
export function wallOf(cost: Readonly<Cost>): number {
  return cost.python + cost.native + cost.system + cost.wait;
}
