import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { activationEnv } from '../../../extension/run/activation';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lineheat-activation-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is set for the Python of an environment that holds an entry. */
function activated(environment: string, ...entries: string[]): Promise<Record<string, string>> {
  for (const entry of entries) mkdirSync(join(environment, entry), { recursive: true });
  return activationEnv(join(environment, 'bin', 'python'), '/usr/bin');
}

test('the folder of a virtual environment is put first on the PATH', async () => {
  const venv = join(folder, '.venv');
  mkdirSync(venv);
  writeFileSync(join(venv, 'pyvenv.cfg'), '');
  expect(await activated(venv)).toEqual({
    VIRTUAL_ENV: venv,
    PATH: `${join(venv, 'bin')}:/usr/bin`,
  });
});

test('a Conda environment sets CONDA_PREFIX and its name', async () => {
  const conda = join(folder, 'conda');
  const named = join(conda, 'envs', 'science');
  expect(await activated(named, 'conda-meta')).toEqual({
    CONDA_PREFIX: named,
    CONDA_DEFAULT_ENV: 'science',
    PATH: `${join(named, 'bin')}:/usr/bin`,
  });
  expect(await activated(conda, 'conda-meta', 'condabin')).toMatchObject({
    CONDA_PREFIX: conda,
    CONDA_DEFAULT_ENV: 'base',
  });
  const apart = join(folder, 'apart');
  expect(await activated(apart, 'conda-meta')).toMatchObject({ CONDA_DEFAULT_ENV: apart });
});

test('an interpreter outside an environment, or given by name only, sets no variable', async () => {
  expect(await activated(join(folder, 'usr'))).toEqual({});
  expect(await activationEnv('python3')).toEqual({});
});
