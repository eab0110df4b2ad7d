/** The documents: links lead somewhere, files they name exist, and the page on architecture is one page. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import manifest from '../../../package.json';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const generated = new Set(['node_modules', 'dist', 'artifacts', 'build', 'fixtures', '.tsbuild']);
const files = filesIn('.');

/** Paths of the repository's own files, relative to its root. */
function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [path];
    const isOurs =
      !generated.has(entry.name) && !/^\.(git|venv|cache|pytest_cache)$/.test(entry.name);
    return isOurs ? filesIn(path) : [];
  });
}

const documents = files.filter((path) => path.endsWith('.md'));
const known = new Set(files.map((path) => basename(path)));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** As GitHub makes them from headings. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** What a text links to in the repository. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Names of files between backticks: with a folder of ours, or a name alone with the ending of a source. */
function namesOf(text: string): string[] {
  return [...text.matchAll(/`([\w./-]+\.(?:ts|c|h|mjs|py))`/g)].map(([, name]) => name!);
}

test('every link leads to a file, and to a heading in it', () => {
  expect(documents.length).toBeGreaterThan(60);
  const broken = documents.flatMap((path) =>
    linksOf(read(path))
      .filter((link) => {
        const [target = '', anchor] = link.split('#');
        const file = target === '' ? path : join(dirname(path), target);
        if (!existsSync(join(root, file))) return true;
        return anchor !== undefined && !anchorsOf(read(file)).has(anchor);
      })
      .map((link) => `${path}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test('source files that documents name exist', () => {
  const missing = documents
    .filter((path) => path !== 'CHANGELOG.md')
    .flatMap((path) =>
      namesOf(read(path))
        .filter((name) => {
          // C names its headers from native/ on.
          const places = [name, join(dirname(path), name), join('profiler-agent/native', name)];
          if (name.includes('/')) return !places.some((place) => existsSync(join(root, place)));
          return !known.has(name);
        })
        .map((name) => `${path}: ${name}`),
    );
  expect(missing).toEqual([]);
});

test('ARCHITECTURE.md has at most 1,200 words', () => {
  expect(read('ARCHITECTURE.md').split(/\s+/).length).toBeLessThanOrEqual(1200);
});

test('each decision is in the list of decisions', () => {
  const all = files
    .filter((path) => /^docs\/decisions\/\d{4}-/.test(path))
    .map((path) => basename(path));
  const listed = linksOf(read('docs/decisions/README.md'));
  expect(listed.sort()).toEqual(all.sort());
});

test('docs/settings.md lists exactly the settings of the manifest', () => {
  const settings = manifest.contributes.configuration.flatMap(({ properties }) =>
    Object.keys(properties).map((name) => name.replace(/^\w+\./, '')),
  );
  const rows = [...read('docs/settings.md').matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name!);
  expect(rows).toEqual(settings);
});

test('docs/dependencies.md has a line for every package, and versions are exact', () => {
  const rows = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` /gm)].map(
    ([, name]) => name!,
  );
  expect(rows.sort()).toEqual(Object.keys(manifest.devDependencies).sort());
  for (const [name, version] of Object.entries(manifest.devDependencies)) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  }
});

test('docs/api.md contains extension/api.ts as it is', () => {
  expect(read('docs/api.md')).toContain(`\`\`\`ts\n${read('extension/api.ts')}\`\`\`\n`);
});

test('each released version in CHANGELOG.md has its date', () => {
  const versions = [...read('CHANGELOG.md').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading!);
  expect(versions.filter((heading) => heading !== 'Unreleased')).not.toEqual([]);
  for (const heading of versions) {
    expect(heading).toMatch(/^(Unreleased|\d+\.\d+\.\d+ \(\d{4}-\d{2}-\d{2}\))$/);
  }
});
