/** The parts of the JSON report about GPUs; no field where no GPU was used. */
import type { GpuCost, GpuTotal, ProcessGpu } from '../../profile/types';
import { seconds } from './seconds';

type Fields = Record<string, unknown>;

function secondsIfKnown(ns: number | null): number | null {
  return ns === null ? null : seconds(ns);
}

/** Of a line or function. */
export function gpuCost(of: GpuCost | undefined): Fields {
  return of ? { gpu: { self_s: seconds(of.self), total_s: seconds(of.total) } } : {};
}

function total(of: GpuTotal): Fields {
  return {
    busy_s: secondsIfKnown(of.busyNs),
    peak_bytes: of.peakBytes,
    agent_cpu_s: seconds(of.costNs),
    devices: of.devices.map(({ index, name, totalBytes, busyNs, peakBytes }) => ({
      index,
      name,
      memory_bytes: totalBytes,
      busy_s: secondsIfKnown(busyNs),
      peak_bytes: peakBytes,
    })),
  };
}

/** Of a run. */
export function gpuTotal(of: GpuTotal | undefined): Fields {
  return of ? { gpu: total(of) } : {};
}

/** Of a process. */
export function gpuOfProcess(of: ProcessGpu | undefined): Fields {
  if (!of) return {};
  const timeline = of.timeline.map(({ ns, busy, bytes }) => ({ at_s: seconds(ns), busy, bytes }));
  return { gpu: { ...total(of), timeline } };
}
