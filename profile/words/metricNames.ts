/** What metrics are called. */
import type { Metric } from '../metric';

/** In the order in which the user can choose them; package.json has the same labels. */
export const metricNames: Record<Metric, { label: string; detail: string }> = {
  cpu: { label: 'CPU', detail: 'Python, native and system time together' },
  wall: {
    label: 'Wall clock',
    detail: 'CPU time and waiting, also for a core, summed over threads',
  },
  python: { label: 'Python', detail: 'CPU time in the interpreter' },
  native: { label: 'Native', detail: 'CPU time in compiled code the line called' },
  system: { label: 'System', detail: 'CPU time in the kernel' },
  wait: { label: 'Waiting', detail: 'Time not on a CPU: input and output, sleeping, locks' },
  allocated: { label: 'Memory allocated', detail: 'Bytes allocated in all' },
  peak: { label: 'Memory at the peak', detail: 'Bytes held when the process held most' },
  growth: { label: 'Memory growth', detail: 'Bytes held now, more than at the start; leaks' },
  copied: { label: 'Memory copied', detail: 'Bytes moved from place to place' },
};

/** What frames of the flame chart weigh, within a sentence. */
export const chartMetricNames = {
  wall: 'wall time',
  cpu: 'CPU time',
  allocated: 'memory allocated',
  peak: 'memory at the peak',
  growth: 'memory growth',
  freed: 'memory freed',
};
