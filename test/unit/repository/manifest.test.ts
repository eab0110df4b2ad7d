/**
 * What package.json promises to VS Code. Default keys: none that the system takes for itself before VS Code is asked, which
 * no headless test would notice. Links: none that leads nowhere.
 */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import manifest from '../../../package.json';
import { metrics } from '../../../profile/metric';
import { metricNames } from '../../../profile/words/metricNames';
import { defaultThresholdPercent } from '../../../profile/words/threshold';
import { defaultLimitBytes } from '../../../protocol/lsp';

interface Key {
  command: string;
  key: string;
  mac?: string;
}
const keys: Key[] = manifest.contributes.keybindings;

test('no key switches to a text console (Ctrl+Alt+F…) or opens a panel of macOS (Cmd+Alt+F…)', () => {
  for (const { command, key, mac = key } of keys) {
    for (const chord of [key, mac].flatMap((shortcut) => shortcut.split(' '))) {
      const parts = new Set(chord.split('+'));
      const functionKey = [...parts].some((part) => /^f\d+$/.test(part));
      const taken = functionKey && parts.has('alt') && (parts.has('ctrl') || parts.has('cmd'));
      expect(taken, `${command}: ${chord}`).toBe(false);
    }
  }
});

test('chords begin with Ctrl+K, or Cmd+K, as VS Code’s own do', () => {
  for (const { key, mac } of keys) {
    expect(key).toMatch(/^ctrl\+k /);
    expect(mac).toMatch(/^cmd\+k /);
  }
});

test('walkthrough and welcome texts link to existing commands and pictures', () => {
  const { commands, viewsWelcome, walkthroughs } = manifest.contributes;
  const known = new Set(commands.map(({ command }) => command));
  const steps = walkthroughs.flatMap((walkthrough) => walkthrough.steps);
  const texts = [
    ...viewsWelcome.map(({ contents }) => contents),
    ...steps.map(({ description }) => description),
    ...steps.flatMap(({ completionEvents }) => completionEvents),
  ].join('\n');
  const linked = [...texts.matchAll(/(?:command:|onCommand:)([\w.]+)/g)].map(([, name]) => name!);
  expect(linked.length).toBeGreaterThan(8);
  expect(linked.filter((name) => !known.has(name))).toEqual([]);
  for (const { media } of steps) {
    expect(existsSync(new URL(`../../../${media.image}`, import.meta.url)), media.image).toBe(true);
  }
});

const properties = Object.assign(
  {},
  ...manifest.contributes.configuration.map((group) => group.properties),
) as Record<string, { default: unknown }>;

test('a recording has the same limit in the editor and on the command line', () => {
  expect(properties['lineheat.recordingLimitMB']?.default).toBe(defaultLimitBytes / 1e6);
});

test('metrics have the same names in the settings as in the menu and the chart', () => {
  const setting = properties['lineheat.metric'] as unknown as Record<string, unknown>;
  expect(setting['enum']).toEqual(metrics);
  expect(Object.keys(metricNames)).toEqual(metrics);
  expect(setting['enumItemLabels']).toEqual(Object.values(metricNames).map(({ label }) => label));
});

test('lines have figures from the same share on, wherever the setting is not known', () => {
  expect(properties['lineheat.thresholdPercent']?.default).toBe(defaultThresholdPercent);
});

test('settings are in titled groups, and groups and settings are ordered', () => {
  const groups = manifest.contributes.configuration;
  const inOrder = (count: number): number[] =>
    Array.from({ length: count }, (_, index) => index + 1);
  expect(groups.map(({ order }) => order)).toEqual(inOrder(groups.length));
  // VS Code shows the group that is called like the extension under its heading, not one level down.
  expect(groups[0]!.title).toBe(manifest.displayName);
  for (const { title, properties } of groups) {
    expect(title).toMatch(/^[A-Z]/);
    const settings: { order: number; markdownDescription: string }[] = Object.values(properties);
    expect(settings.length).toBeLessThan(13);
    expect(
      settings.map(({ order }) => order),
      title,
    ).toEqual(inOrder(settings.length));
    for (const { markdownDescription } of settings)
      expect(markdownDescription).toMatch(/\S[^]*[.`]$/);
  }
});

test('the settings that the code reads are exactly those of the manifest', () => {
  const known = manifest.contributes.configuration
    .flatMap(({ properties }) => Object.keys(properties))
    .map((key) => key.replace('lineheat.', ''))
    .sort();
  const source = readFileSync(new URL('../../../extension/settings.ts', import.meta.url), 'utf8');
  expect(known.filter((name) => !source.includes(`'${name}'`))).toEqual([]);
  const reads = [...source.matchAll(/\b(?:read|readRecord|choose)\(\s*'(\w+)'/g)];
  expect(reads.length).toBeGreaterThan(15);
  expect(reads.map(([, name]) => name!).filter((name) => !known.includes(name))).toEqual([]);
  const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  expect(restricted.filter((key) => !known.includes(key.replace('lineheat.', '')))).toEqual([]);
});

test('bugs and homepage are in the repository that the package names', () => {
  const { repository, bugs, homepage } = manifest;
  const address = repository.url.replace(/\.git$/, '');
  expect(bugs).toBe(`${address}/issues`);
  expect(homepage).toBe(`${address}#readme`);
});
