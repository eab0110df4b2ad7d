/** The licenses that go with the code of other packages. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noticesOf, packageFolders } from '../../../scripts/notices.mjs';

let root: string;

function writePackage(folder: string, manifest: object, files: Record<string, string>): void {
  mkdirSync(join(root, folder), { recursive: true });
  const all = { 'package.json': JSON.stringify(manifest), ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(root, folder, name), text);
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'notices-'));
  writePackage(
    'node_modules/used',
    { name: 'used', version: '1.2.3', license: 'MIT', main: 'main.js' },
    { 'main.js': 'export const used = 1;', 'LICENSE.md': 'Used may be used.\r\n' },
  );
  writePackage(
    'node_modules/@scope/noted',
    { name: '@scope/noted', version: '4.0.0', license: 'Apache-2.0', main: 'main.js' },
    {
      'main.js': 'export const noted = 2; export { used } from "inner";',
      COPYING: 'Copy it.',
      'ThirdPartyNotices.txt': 'It holds code of a third.',
    },
  );
  writePackage(
    'node_modules/@scope/noted/node_modules/inner',
    { name: 'inner', version: '0.1.0', main: 'main.js' },
    { 'main.js': 'export const used = 3;', License: 'Inner.' },
  );
  writePackage(
    'node_modules/unused',
    { name: 'unused', version: '1.0.0', main: 'main.js', sideEffects: false },
    { 'main.js': 'export const unused = 4;' },
  );
  writePackage(
    'node_modules/silent',
    { name: 'silent', version: '1.0.0', license: 'MIT', main: 'main.js' },
    { 'main.js': 'console.log("silent");', 'README.md': 'MIT' },
  );
});
afterAll(() => rmSync(root, { recursive: true }));

async function bundled(source: string): Promise<Metafile> {
  writeFileSync(join(root, 'entry.js'), source);
  const options = { bundle: true, write: false, metafile: true, logLevel: 'silent' } as const;
  const result = await build({ ...options, entryPoints: ['entry.js'], absWorkingDir: root });
  return result.metafile;
}

test('exactly the packages whose code is in a bundle are named with their licenses', async () => {
  const one = await bundled('import { used } from "used"; console.log(used);');
  const other = await bundled(
    'import { noted, used } from "@scope/noted"; import { unused } from "unused"; console.log(noted, used);',
  );
  const folders = packageFolders([one, other]);
  expect(folders).toEqual([
    'node_modules/@scope/noted',
    'node_modules/@scope/noted/node_modules/inner',
    'node_modules/used',
  ]);
  const notices = noticesOf(folders, root);
  expect(notices).toContain('@scope/noted 4.0.0 (Apache-2.0)');
  expect(notices).toContain('Copy it.\n\nIt holds code of a third.');
  expect(notices).toContain('inner 0.1.0 (see below)');
  expect(notices).toContain('Used may be used.');
  expect(notices).not.toContain('\r');
});

test('a package without a license text is refused by name', async () => {
  const folders = packageFolders([await bundled('import "silent"; import "used";')]);
  expect(() => noticesOf(folders, root)).toThrow(/of silent\. Put/);
});
