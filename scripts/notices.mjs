/**
 * The licenses of packages whose code is in the bundles, as one text. Most licenses ask for their text to go with the code, so a
 * package without one is a failure, not a gap. Which packages those are is known from esbuild's metafile.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Packages that are published without a license text: the file of scripts/licenses/ with that of their repository.
 * @type {Record<string, string>}
 */
const supplied = {
  '@microsoft/fast-element': 'fast.txt',
  '@microsoft/fast-foundation': 'fast.txt',
  '@microsoft/fast-web-utilities': 'fast.txt',
};
const licenses = join(import.meta.dirname, 'licenses');

/**
 * Folders of the packages that metafiles of esbuild name, for code that reached an output.
 * @param {Iterable<import('esbuild').Metafile>} metafiles
 * @returns {string[]}
 */
export function packageFolders(metafiles) {
  /** @type {Set<string>} */
  const folders = new Set();
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
        const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
        if (folder && bytesInOutput > 0) folders.add(folder);
      }
    }
  }
  return [...folders].sort();
}

/**
 * Name, version and license of each package, as one text. Throws an Error that names all packages without a license text.
 * @param {readonly string[]} folders relative to root
 * @param {string} root
 */
export function noticesOf(folders, root) {
  const packages = folders.map((folder) => readPackage(join(root, folder)));
  const without = packages.filter(({ text }) => !text).map(({ name }) => name);
  if (without.length > 0) {
    throw new Error(
      `No license text is known of ${without.join(', ')}. Put the one of its repository into scripts/licenses/, and name it in scripts/notices.mjs.`,
    );
  }
  packages.sort((a, b) => a.name.localeCompare(b.name, 'en') || (a.version < b.version ? -1 : 1));
  const line = '-'.repeat(80);
  return [
    'Code of these packages is part of this extension. Their licenses follow.\n',
    ...packages.map(({ name, version, license }) => `  ${name} ${version} (${license})`),
    '',
    ...packages.map(
      ({ name, version, license, text }) =>
        `${line}\n${name} ${version} (${license})\n${line}\n\n${text}\n`,
    ),
  ].join('\n');
}

/**
 * The packages that notices name: name@version of each.
 * @param {string} notices as noticesOf writes them
 */
export function packagesOf(notices) {
  const [, list = ''] = notices.split('\n\n', 2);
  return list.split('\n').map((line) => line.trim().replace(/^(\S+) (\S+) \(.*$/, '$1@$2'));
}

/** @param {string} folder */
function readPackage(folder) {
  /** @type {{name: string, version: string, license?: string}} */
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).sort();
  const own = files.filter((file) => /^(licen[cs]e|copying)/i.test(file));
  const notices = files.filter((file) => /^(notice|third-?party-?notices?)\b/i.test(file));
  const paths = [...own, ...notices].map((file) => join(folder, file));
  const elsewhere = supplied[name];
  if (own.length === 0 && elsewhere) paths.unshift(join(licenses, elsewhere));
  const hasText = own.length > 0 || elsewhere !== undefined;
  const text = hasText ? paths.map(readText).join('\n\n') : '';
  return { name, version, license: license ?? 'see below', text };
}

/** @param {string} path */
function readText(path) {
  return readFileSync(path, 'utf8').replaceAll('\r\n', '\n').trim();
}
