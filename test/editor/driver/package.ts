// The two extensions a window under test has: Linescope as it is shipped, and the companion.
import { createVSIX } from '@vscode/vsce';
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../../..');

/** The newest packaged Linescope; LINESCOPE_VSIX names another. */
export function linescopeVsix(): string {
  const named = process.env['LINESCOPE_VSIX'];
  if (named) return resolve(named);
  const candidates = [join(root, 'artifacts'), root]
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.vsix'))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (!candidates[0]) {
    throw new Error(
      'No .vsix to test. Run `npm run build && npm run package` first, or `npm test`.',
    );
  }
  return candidates[0];
}

/**
 * A folder of installed extensions: Linescope and the companion. Installing takes seconds, so windows share the
 * folder for as long as the packages stay the same.
 * @param install installs packages into the folder
 */
export async function installedExtensions(
  install: (folder: string, vsix: string[]) => Promise<void>,
): Promise<string> {
  const linescope = linescopeVsix();
  const hash = createHash('sha256').update(readFileSync(linescope));
  for (const file of ['package.json', 'extension.ts']) {
    hash.update(readFileSync(join(companionSource, file)));
  }
  const cache = join(root, 'artifacts', 'test', 'extensions');
  const folder = join(cache, hash.digest('hex').slice(0, 12));
  if (existsSync(join(folder, 'complete'))) return folder;
  removeOld(cache);
  await install(folder, [linescope, await companionVsix(folder)]);
  writeFileSync(join(folder, 'complete'), '');
  return folder;
}

/** Other windows may be using what is younger. */
function removeOld(cache: string): void {
  for (const name of existsSync(cache) ? readdirSync(cache) : []) {
    const path = join(cache, name);
    if (Date.now() - statSync(path).mtimeMs < 3_600_000) continue;
    rmSync(path, { recursive: true, force: true });
  }
}

const companionSource = join(import.meta.dirname, 'companion');

/** Bundles and packages the companion extension into a folder; returns the .vsix. */
async function companionVsix(folder: string): Promise<string> {
  const stage = join(folder, '.companion');
  mkdirSync(stage, { recursive: true });
  cpSync(join(companionSource, 'package.json'), join(stage, 'package.json'));
  await build({
    entryPoints: [join(companionSource, 'extension.ts')],
    outfile: join(stage, 'extension.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode'],
  });
  const packagePath = join(stage, 'companion.vsix');
  await createVSIX({
    cwd: stage,
    packagePath,
    dependencies: false,
    skipLicense: true,
    allowStarActivation: true,
  });
  return packagePath;
}
