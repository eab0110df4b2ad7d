/** The list of what the package is made of: the packages of the notices, as npm describes them. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { noticesOf, packageFolders, packagesOf } from '../../../scripts/notices.mjs';
import { bundledOnly, npmComponents, type Bom } from '../../../scripts/sbom.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Notices of a program that bundles some of what Lineheat does. */
async function notices(): Promise<string> {
  const { metafile } = await build({
    stdin: {
      contents: `
        import { scaleLinear } from 'd3';
        import { createConnection } from 'vscode-languageserver/node';
        console.log(scaleLinear, createConnection);`,
      resolveDir: root,
    },
    absWorkingDir: root,
    bundle: true,
    metafile: true,
    platform: 'node',
    write: false,
  });
  return noticesOf(packageFolders([metafile]), root);
}

const namesIn = (bom: Bom): string[] =>
  bom.components.map(({ name, version }) => `${name}@${version}`).sort();

test('the list has exactly the bundled packages, each with npm’s description', async () => {
  const text = await notices();
  const all = await npmComponents();
  const bom = bundledOnly(all, text);
  const bundled = packagesOf(text);
  expect(bundled.some((name) => name.startsWith('d3-scale@'))).toBe(true);
  expect(namesIn(bom)).toEqual([...bundled].sort());
  expect(namesIn(all).some((name) => name.startsWith('esbuild@'))).toBe(true);
  for (const { name, scope, properties } of bom.components) {
    expect(scope, name).toBe('required');
    expect(JSON.stringify(properties ?? [])).not.toContain('development');
  }
  expect(bom.metadata.component).toMatchObject({ type: 'application', name: 'lineheat' });
});

test('every package is needed by the program or by another one', async () => {
  const bom = bundledOnly(await npmComponents(), await notices());
  const [program, ...others] = bom.dependencies;
  expect(program!.ref).toBe(bom.metadata.component['bom-ref']);
  const needed = new Set(bom.dependencies.flatMap(({ dependsOn }) => dependsOn));
  expect([...needed].sort()).toEqual(others.map(({ ref }) => ref).sort());
  const server = others.find(({ ref }) => ref.startsWith('vscode-languageserver@'));
  expect(server!.dependsOn.map((ref) => ref.replace(/@[^@]*$/, ''))).toEqual([
    'vscode-languageserver-protocol',
  ]);
});

test('a bundled package that npm does not know is refused by name', async () => {
  const bom: Bom = {
    metadata: { component: { 'bom-ref': 'a@1', type: 'library', name: 'a', version: '1' } },
    components: [],
    dependencies: [],
  };
  const text = 'Code.\n\n  stray 1.2.3 (MIT)\n\nLicense.';
  expect(() => bundledOnly(bom, text)).toThrow(/does not know stray@1\.2\.3,/);
});
