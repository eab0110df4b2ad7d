/**
 * Builds for production and packs artifacts/lineheat.vsix; fails when the package is incomplete or over 2 MB.
 * `--repository URL --ref NAME`: where README.md's links and pictures are on GitHub, if not in package.json's repository at the
 * tag of its version. VS Code shows only pictures from the web.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createVSIX, listFiles, PackageManager } from '@vscode/vsce';

const output = 'artifacts/lineheat.vsix';
/** @type {{ version: string, repository: { url: string } }} */
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const { repository, ref } = parseArgs({
  options: {
    repository: { type: 'string', default: manifest.repository.url.replace(/\.git$/, '') },
    ref: { type: 'string', default: `v${manifest.version}` },
  },
}).values;
const limitBytes = 2 * 1024 * 1024;
const needed = [
  'dist/extension.js',
  'dist/server.js',
  'dist/cli.js',
  'dist/THIRD_PARTY_NOTICES.txt',
  'dist/webview/main.js',
  'dist/webview/main.css',
  agentFor(process.arch),
  agentFor(process.arch).replace('liblineheat.so', 'lineheat-gpu'),
  agentFor(process.arch).replace('liblineheat.so', 'lineheat-start'),
  'media/icon.png',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

/** @param {string} architecture */
function agentFor(architecture) {
  return `dist/agent/linux-${architecture}/liblineheat.so`;
}
/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, ...args) {
  try {
    execFileSync(command, args, { stdio: 'inherit' });
  } catch {
    fail(`${[command, ...args].join(' ')} failed`);
  }
}
// The file of an earlier build must not hide that this build writes none.
rmSync('dist/THIRD_PARTY_NOTICES.txt', { force: true });
run(process.execPath, 'esbuild.mjs', '--production');
run('make', '-s', '-C', 'profiler-agent');

const files = new Set(await listFiles({ packageManager: PackageManager.None }));
const missing = needed.filter((file) => !files.has(file));
const unwanted = [...files].filter(
  (file) => file.endsWith('.map') || file.includes('node_modules'),
);
const processors = ['x64', 'arm64'].filter((architecture) => files.has(agentFor(architecture)));
if (missing.length > 0) fail(`these files are missing from the package: ${missing.join(', ')}`);
if (unwanted.length > 0) fail(`these files must not be packaged: ${unwanted.join(', ')}`);

mkdirSync('artifacts', { recursive: true });
rmSync(output, { force: true });
await createVSIX({
  packagePath: output,
  dependencies: false,
  baseContentUrl: `${repository}/blob/${ref}`,
  baseImagesUrl: `${repository}/raw/${ref}`,
});

const { size } = statSync(output);
console.log(
  `${output}: ${(size / 1024 / 1024).toFixed(2)} MB, for Linux on ${processors.join(' and ')}`,
);
if (size > limitBytes) fail(`the package is larger than ${limitBytes / 1024 / 1024} MB`);

/**
 * @param {string} reason
 * @returns {never}
 */
function fail(reason) {
  console.error(`scripts/package.mjs: ${reason}.`);
  process.exit(1);
}
