// Runs a command under measure.py, which adds up what its whole process tree used.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('measure.py', import.meta.url));

/**
 * @typedef {object} Usage of a process tree
 * @property {number} cpu_s
 * @property {number} wall_s
 * @property {number} peak_bytes of the largest process
 * @property {number | null} exit the command's exit code; null: it did not end in time
 */

/**
 * Runs a command to its end, or kills it at the deadline.
 * @param {string} python runs measure.py
 * @param {number} deadlineSeconds
 * @param {string[]} command its standard output is discarded
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv}} [options]
 * @returns {Usage & {stderr: string}}
 */
export function measure(python, deadlineSeconds, command, options) {
  const args = [script, String(deadlineSeconds), ...command];
  const { status, stdout, stderr, error } = spawnSync(python, args, {
    ...options,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`measure.py failed: ${stderr}`, { cause: error });
  /** @type {Usage} */
  const usage = JSON.parse(stdout);
  return { ...usage, stderr };
}
