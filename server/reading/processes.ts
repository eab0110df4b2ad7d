/** What the operating system says of processes. */
import { readFileSync } from 'node:fs';
import type { RecordingHeader } from '../../recording/records';

/**
 * Whether the process that writes a recording still runs on this machine. A number can be reused, so the
 * process must also be no younger than the recording.
 */
export function isAlive(header: Pick<RecordingHeader, 'pid' | 'startMonotonicNs'>): boolean {
  try {
    const stat = readFileSync(`/proc/${header.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    if (state === 'Z' || state === 'X') return false;
    const startTicks = Number(fields[19]);
    // USER_HZ is 100 on every Linux this runs on; boot time and monotonic time differ only by suspends.
    return startTicks / 100 <= header.startMonotonicNs / 1e9 + secondsSuspended() + 1;
  } catch {
    return false;
  }
}

function secondsSuspended(): number {
  const uptime = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
  return Math.max(0, uptime - Number(process.hrtime.bigint()) / 1e9);
}
