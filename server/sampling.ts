/** How densely a run was really sampled. */
import { cpuOf } from '../profile/cost';
import type { Profile } from '../profile/types';
import { mainProcess } from './report';

/** With less CPU time than this a measured rate says nothing. */
const leastCpuNs = 5e7;

/**
 * Samples per second of CPU time: as asked for or, where the system did not keep up, as it was, to two figures.
 * 0 when nothing is known.
 */
export function samplingRate(profile: Profile): number {
  const intervalNs = mainProcess(profile)?.intervalNs ?? 0;
  const asked = intervalNs > 0 ? 1e9 / intervalNs : 0;
  const cpu = cpuOf(profile.total);
  if (cpu < leastCpuNs) return asked;
  const got = (profile.total.samples / cpu) * 1e9;
  return got > 0.8 * asked ? asked : Number(got.toPrecision(2));
}
