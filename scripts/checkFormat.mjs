// `node scripts/checkFormat.mjs [--write]`: clang-format over C, ruff over Python. Prettier does the rest.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePythonPackage } from './pythonPackage.mjs';
import { main, Problem, run, tail, which } from './vscode/process.mjs';

const ruffVersion = '0.14.6';
const root = fileURLToPath(new URL('..', import.meta.url));
const write = process.argv.includes('--write');
const skipped = new Set([
  'node_modules',
  'dist',
  'artifacts',
  'build',
  'fixtures',
  '.venv',
  '.git',
  '.tsbuild',
]);

await main(async () => {
  const results = [await clangFormat(), await ruff()];
  return results.every(Boolean) ? 0 : 1;
});

/**
 * Paths under a folder, relative to the root, whose names match.
 * @param {string} folder
 * @param {RegExp} pattern
 * @returns {string[]}
 */
function find(folder, pattern) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : find(path, pattern);
    return pattern.test(entry.name) ? [path] : [];
  });
}

async function clangFormat() {
  const files = find('profiler-agent', /\.[ch]$/);
  if (files.length === 0) return true;
  const tool = which('clang-format');
  if (!tool) {
    throw new Problem(
      'clang-format is missing: `sudo apt-get install clang-format` (or `pip install clang-format`), then try again.',
    );
  }
  const mode = write ? ['-i'] : ['--dry-run', '--Werror'];
  const { code, output } = await run(tool, ['--style=file', ...mode, ...files], {
    cwd: root,
    quiet: true,
  });
  if (code === 0) return true;
  const unformatted = new Set(output.match(/^[^\s:]+(?=:\d+:\d+: error)/gm));
  console.error(unformatted.size > 0 ? complaint('clang-format', [...unformatted]) : tail(output));
  return false;
}

async function ruff() {
  const files = find('.', /\.py$/);
  if (files.length === 0) return true;
  const tool = join(await ensurePythonPackage('ruff', ruffVersion), 'bin', 'ruff');
  const options = ['--isolated', '--quiet', '--line-length=100', '--target-version=py39'];
  /** @param {string[]} args */
  const check = async (...args) =>
    (await run(tool, [...args, ...options, ...files], { cwd: root })).code === 0;
  if (write) return (await check('check', '--fix')) && (await check('format'));
  const { code, output } = await run(
    tool,
    ['format', '--check', '--isolated', '--line-length=100', '--target-version=py39', ...files],
    { cwd: root, quiet: true },
  );
  const unformatted = [...output.matchAll(/^Would reformat: (.*)$/gm)].map(([, path]) => path);
  if (code !== 0) console.error(unformatted.length > 0 ? complaint('ruff', unformatted) : output);
  return (await check('check')) && code === 0;
}

/**
 * @param {string} tool
 * @param {(string | undefined)[]} files
 */
function complaint(tool, files) {
  return `${tool} would change ${files.length} files; \`npm run format\` does it:\n  ${files.join('\n  ')}`;
}
