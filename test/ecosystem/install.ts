/** A virtual environment in the cache for each list of requirements and Python. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../scripts/vscode/install.mjs';
import { Problem, run, tail } from '../../scripts/vscode/process.mjs';
import type { Python } from '../agent/pythons';

/** The interpreter of an environment that has the requirements. Throws a Problem when they cannot be installed. */
export async function environmentFor(requirements: string, python: Python): Promise<string> {
  const list = join(__dirname, 'requirements', requirements);
  const key = createHash('sha256')
    .update(`${python.path}\n${readFileSync(list, 'utf8')}`)
    .digest('hex')
    .slice(0, 8);
  const name = requirements.replace('.txt', '');
  const folder = join(cacheFolder(), `ecosystem-${name}-3.${python.minor}-${key}`);
  const interpreter = join(folder, 'bin', 'python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return interpreter;
  // A virtual environment cannot be moved into place: a file that is written last says that it is complete.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cacheFolder(), { recursive: true });
  console.error(`Installing ${requirements} for Python 3.${python.minor} …`);
  await must(python.path, ['-m', 'venv', folder]);
  const options = ['--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
  await must(interpreter, ['-m', 'pip', 'install', ...options, '--requirement', list]);
  writeFileSync(complete, '');
  return interpreter;
}

async function must(command: string, args: string[]): Promise<void> {
  const { code, output } = await run(command, args, { quiet: true, timeoutMs: 1_800_000 });
  if (code === 0) return;
  throw new Problem(`${command} ${args.join(' ')} failed:\n${tail(output, 8)}`);
}
