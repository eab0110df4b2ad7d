/**
 * What one sample cost. Invariants: python + native + system is the sample's CPU time, to the nanosecond; with wait
 * it is the time that the sample covers. Time without a core has records of its own.
 */
import type { Work } from '../stacks/classify';
import { costRow, costRowLength } from '../cost';
import type { SampleRecord } from '../../recording/records';

/**
 * How far observed system calls may run ahead of the kernel's own count before they stop offsetting it, ns. The
 * kernel charges whole ticks (4 ms and more) afterwards. A bound this wide lets the two estimates even out, and keeps
 * a long disagreement from hiding page faults later.
 */
const systemAdvance = 100e6;

/** Kernel time that the kernel has counted for a thread and that no sample was charged with yet, ns. */
export interface SystemPool {
  uncharged: number;
}

/**
 * The system part of a sample's CPU time, ns. In a system call that is all of it. Page faults and the like are known
 * only from the kernel's count, which is divided among the samples that follow.
 */
export function takeSystem(pool: SystemPool, sample: SampleRecord): number {
  pool.uncharged += sample.systemNs;
  const running = sample.state === 'running';
  const system =
    running && sample.inSyscall
      ? sample.cpuNs
      : Math.min(sample.cpuNs, Math.max(pool.uncharged, 0));
  pool.uncharged = Math.max(pool.uncharged - system, -systemAdvance);
  return system;
}

/**
 * The cost of a sample whose system part is known, as a row; each call returns the same array. Wait is the time that
 * the sample covers beyond its CPU time.
 */
export function sampleCost(sample: SampleRecord, system: number, work: Work): Float64Array {
  const user = sample.cpuNs - system;
  const wait = Math.max(sample.wallNs - sample.cpuNs, 0);
  row[costRow.python] = work === 'native' ? 0 : user;
  row[costRow.runtime] = work === 'runtime' ? user : 0;
  row[costRow.native] = work === 'native' ? user : 0;
  row[costRow.system] = system;
  row[costRow.wait] = wait;
  row[costRow.gil] = sample.state === 'gil' ? wait : 0;
  row[costRow.queue] = 0;
  row[costRow.samples] = samplesOf(sample);
  return row;
}

/** How many observations a record stands for. */
export function samplesOf({ remainder, count = 1 }: SampleRecord): number {
  return remainder ? 0 : count;
}

/** The cost row of time, ns, in which a thread could run but had no core; each call returns the same array. */
export function queueCost(ns: number): Float64Array {
  row.fill(0);
  row[costRow.queue] = ns;
  return row;
}

/** Each call returns the same array; kinds without a value stay 0. */
const row = new Float64Array(costRowLength);
