// The extensions a window under test has: Lineheat as it is shipped, and those that are made for the tests.
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

/** The newest packaged Lineheat; LINEHEAT_VSIX names another. */
export function lineheatVsix(): string {
  const named = process.env['LINEHEAT_VSIX'];
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

/** Made for the tests: what answers the journeys in the extension host, and a stand-in for ms-python.python. */
export type TestExtension = 'companion' | 'pythonExtension';

/**
 * A folder of installed extensions: Lineheat and some made for the tests. Installing takes seconds, so windows share
 * the folder for as long as the packages stay the same.
 * @param install installs packages into the folder
 */
export async function installedExtensions(
  own: readonly TestExtension[],
  install: (folder: string, vsix: string[]) => Promise<void>,
): Promise<string> {
  const lineheat = lineheatVsix();
  const hash = createHash('sha256').update(readFileSync(lineheat));
  // Each version of VS Code keeps its own notes on what is installed.
  hash.update(`${process.env['LINEHEAT_CODE_SERVER']} ${process.env['LINEHEAT_EDITOR']}`);
  for (const name of own) {
    for (const file of ['package.json', 'extension.ts']) {
      hash.update(readFileSync(join(import.meta.dirname, name, file)));
    }
  }
  const cache = join(root, 'artifacts', 'test', 'extensions');
  const folder = join(cache, hash.digest('hex').slice(0, 12));
  if (existsSync(join(folder, 'complete'))) return folder;
  removeOld(cache);
  const packed = [];
  for (const name of own) packed.push(await pack(name, folder));
  await install(folder, [lineheat, ...packed]);
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

/** Bundles and packages an extension of this folder into another folder; returns the .vsix. */
async function pack(name: TestExtension, folder: string): Promise<string> {
  const source = join(import.meta.dirname, name);
  const stage = join(folder, `.${name}`);
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
  const packagePath = join(stage, `${name}.vsix`);
  await createVSIX({
    cwd: stage,
    packagePath,
    dependencies: false,
    skipLicense: true,
    allowStarActivation: true,
  });
  return packagePath;
}
