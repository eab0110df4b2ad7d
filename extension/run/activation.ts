/** The variables that activating an environment would set, for programs that the profiled one starts. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/**
 * Variables that an activated virtual or Conda environment has, so that programs started from it (`python`, console
 * scripts, tools in its `bin`) come from the same one. Empty for an interpreter outside an environment. Scripts that packages
 * bring for Conda's activation are not run.
 */
export async function activationEnv(
  interpreter: string,
  inheritedPath = process.env['PATH'] ?? '',
): Promise<Record<string, string>> {
  if (!path.isAbsolute(interpreter)) return {};
  const bin = path.dirname(interpreter);
  const environment = path.dirname(bin);
  const found = [bin, inheritedPath].join(path.delimiter);
  if (await exists(path.join(environment, 'pyvenv.cfg'))) {
    return { VIRTUAL_ENV: environment, PATH: found };
  }
  if (await exists(path.join(environment, 'conda-meta'))) {
    const name = await condaName(environment);
    return { CONDA_PREFIX: environment, CONDA_DEFAULT_ENV: name, PATH: found };
  }
  return {};
}

/** The name that Conda would show: `base`, the folder's name among those of an installation, else the path. */
async function condaName(environment: string): Promise<string> {
  if (await exists(path.join(environment, 'condabin'))) return 'base';
  const parent = path.dirname(environment);
  return path.basename(parent) === 'envs' ? path.basename(environment) : environment;
}

function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}
