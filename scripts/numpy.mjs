// numpy for any of the machine's interpreters, as a folder for PYTHONPATH in the cache.
import { ensureWheel } from './wheel.mjs';

/**
 * The version for a Python 3 minor version, where it is not the usual one: the last for old ones, the first for new.
 * @type {Record<number, string>}
 */
const versions = { 9: '2.0.2', 10: '2.2.6', 15: '2.5.5' };
const usual = '2.3.5';

/**
 * Makes sure that numpy for Python 3.`minor` is in the cache.
 * @param {number} minor
 * @param {string[]} interpreters whose pip may do it, tried in order
 * @returns {Promise<string>} a folder for PYTHONPATH
 */
export function ensureNumpy(minor, interpreters) {
  return ensureWheel('numpy', versions[minor] ?? usual, minor, interpreters);
}
