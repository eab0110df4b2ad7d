/**
 * What one sample cost. The invariants: python + native + system is the sample's CPU time, to the nanosecond, and
 * with wait it is the time that the sample covers. Time without a core is in records of its own.
 */
import type { Work } from '../stacks/classify';
import { costRow, costRowLength } from '../cost';
import type { SampleRecord } from '../../recording/records';

/**
 * How far observed system calls may run ahead of the kernel's own count before they stop offsetting it, ns. The kernel
 * charges whole ticks (4 ms and more) after the fact; a bound this wide lets both estimates of the same time meet, and
 * keeps a long disagreement from hiding page faults later.
 */
const systemAdvance = 100e6;

/** Kernel time that the kernel has counted for a thread and no sample has been charged with yet, ns. */
export interface SystemPool {
  uncharged: number;
}

/**
 * The system part of a sample's CPU time, ns. In a system call all of it is; page faults and the like are known only
 * from the kernel's count, which is handed out to the samples that follow.
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
 * The cost of a sample whose system part is known, as a row; the same array every time. Wait is what a sample covers
 * beyond its CPU time.
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

/** How many observations a record is. */
export function samplesOf({ remainder, count = 1 }: SampleRecord): number {
  return remainder ? 0 : count;
}

/** The cost of so much time, ns, in which a thread could run but had no core; the same array every time. */
export function queueCost(ns: number): Float64Array {
  row.fill(0);
  row[costRow.queue] = ns;
  return row;
}

/** The same array every time; what it has no value for stays 0. */
const row = new Float64Array(costRowLength);
