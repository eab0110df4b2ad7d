/**
 * Bundles the extension, the language server, the command line tool and the flame chart into dist/.
 * `--production` minifies, leaves source maps out and writes the licenses of bundled packages; `--allow-missing` skips entries that are not written yet.
 * Names (extension, server, cli, webview) build only those.
 */
import { existsSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { noticesOf, packageFolders } from './scripts/notices.mjs';

/** @import {BuildOptions} from 'esbuild' */

const production = process.argv.includes('--production');
const allowMissing = process.argv.includes('--allow-missing');

/** @satisfies {BuildOptions} */
const common = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  sourcesContent: false,
  // dist/THIRD_PARTY_NOTICES.txt has the whole licenses.
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': production ? '"production"' : '"development"' },
};

/** @satisfies {BuildOptions} */
const node = {
  ...common,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // `module` first would pull in ES modules of packages whose CommonJS entry is the one made for Node.
  mainFields: ['main', 'module'],
};

/**
 * What went into each bundle.
 * @type {import('esbuild').Metafile[]}
 */
const metafiles = [];

/**
 * `import source from './worker?worker'` gives the bundled worker as text, to be started from a blob.
 * @type {import('esbuild').Plugin}
 */
const workerAsText = {
  name: 'worker-as-text',
  setup(context) {
    context.onResolve({ filter: /\?worker$/ }, async ({ path, resolveDir, kind }) => {
      const found = await context.resolve(path.replace(/\?worker$/, ''), { resolveDir, kind });
      return found.errors.length > 0
        ? { errors: found.errors }
        : { path: found.path, namespace: 'worker' };
    });
    context.onLoad({ filter: /.*/, namespace: 'worker' }, async ({ path }) => {
      const result = await build({
        ...browser,
        plugins: [],
        entryPoints: [path],
        sourcemap: false,
        write: false,
      });
      metafiles.push(result.metafile);
      const [worker] = result.outputFiles;
      if (!worker) throw new Error(`esbuild wrote nothing for ${path}.`);
      return { contents: worker.text, loader: 'text' };
    });
  },
};

/** @satisfies {BuildOptions} */
const browser = {
  ...common,
  platform: 'browser',
  target: 'es2022',
  format: 'iife',
  plugins: [workerAsText],
  loader: { '.ttf': 'dataurl', '.svg': 'text' },
};

const shebang = { js: '#!/usr/bin/env node' };
/** @type {(BuildOptions & {entryPoints: [string], outfile: string, metafile: true})[]} */
const entries = [
  {
    ...node,
    entryPoints: ['extension/activate.ts'],
    outfile: 'dist/extension.js',
    external: ['vscode'],
  },
  { ...node, entryPoints: ['server/main.ts'], outfile: 'dist/server.js', banner: shebang },
  { ...node, entryPoints: ['server/cli/main.ts'], outfile: 'dist/cli.js', banner: shebang },
  { ...browser, entryPoints: ['webview/main.ts'], outfile: 'dist/webview/main.js' },
];

const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const present = entries.filter(({ entryPoints: [source], outfile }) => {
  if (names.length > 0 && !names.some((name) => outfile.startsWith(`dist/${name}`))) return false;
  if (existsSync(source)) return true;
  if (!allowMissing) throw new Error(`${source} does not exist.`);
  console.log(`esbuild: skipped ${source}, which does not exist yet`);
  return false;
});
if (production) {
  // Source maps of an earlier development build must not reach the package.
  await Promise.all(
    present
      .flatMap(({ outfile }) => [`${outfile}.map`, outfile.replace(/js$/, 'css.map')])
      .map((map) => rm(map, { force: true })),
  );
}
// esbuild has said what is wrong; a stack of this file would only bury it.
const results = await Promise.all(present.map((entry) => build(entry))).catch(() =>
  process.exit(1),
);
metafiles.push(...results.map(({ metafile }) => metafile));
for (const { outfile, banner } of present) {
  if (banner === shebang) await chmod(outfile, 0o755);
}
if (production && names.length === 0) {
  try {
    await writeFile('dist/THIRD_PARTY_NOTICES.txt', noticesOf(packageFolders(metafiles), '.'));
  } catch (error) {
    console.error(`esbuild.mjs: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
