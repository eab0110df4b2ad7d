/** GCC's analyser follows each way through the agent's functions; it has to find nothing. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const isGcc = execFileSync('cc', ['--version'], { encoding: 'utf8' }).includes('Free Software');

test.skipIf(!isGcc)('GCC’s static analyser finds nothing', { timeout: 300_000 }, () => {
  const folder = join(__dirname, '../../../profiler-agent');
  const words = ['-s', '-C', folder, `ARCHITECTURES=${process.arch}`, 'analyze'];
  const made = spawnSync('make', words, { encoding: 'utf8' });
  expect(made.stderr).toBe('');
  expect(made.status).toBe(0);
});
