// The two extensions a window under test has: Linescope as it is shipped, and the companion.
import { createVSIX } from '@vscode/vsce';
import { build } from 'esbuild';
import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
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

/** Bundles and packages the companion extension into a folder; returns the .vsix. */
export async function companionVsix(folder: string): Promise<string> {
  const source = join(import.meta.dirname, 'companion');
  const stage = join(folder, 'companion');
  mkdirSync(stage, { recursive: true });
  cpSync(join(source, 'package.json'), join(stage, 'package.json'));
  await build({
    entryPoints: [join(source, 'extension.ts')],
    outfile: join(stage, 'extension.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode'],
  });
  const packagePath = join(folder, 'companion.vsix');
  await createVSIX({
    cwd: stage,
    packagePath,
    dependencies: false,
    skipLicense: true,
    allowMissingRepository: true,
  });
  return packagePath;
}
