/** Default keys: none that the system takes for itself before VS Code is asked, which no headless test would notice. */
import { expect, test } from 'vitest';
import manifest from '../../package.json';

interface Key {
  command: string;
  key: string;
  mac?: string;
}
const keys: Key[] = manifest.contributes.keybindings;

test('no key switches to a text console (Ctrl+Alt+F…) or opens a panel of macOS (Cmd+Alt+F…)', () => {
  for (const { command, key, mac = key } of keys) {
    for (const chord of [key, mac].flatMap((it) => it.split(' '))) {
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
