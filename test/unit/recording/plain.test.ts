import { describe, expect, it } from 'vitest';
import { plainMessage, plainText } from '../../../recording/plain';

describe('text from outside', () => {
  it('stays as it is when every character is visible', () => {
    for (const text of ['', 'main.py', '/home/Zoë/Ünïcode 🐍/数据.py', '<string>', 'a[b](c)`*_']) {
      expect(plainText(text)).toBe(text);
    }
  });

  it('shows control characters instead of obeying them', () => {
    expect(plainText('a\u001b]52;c;cm0=\u0007b')).toBe('a\\e]52;c;cm0=\\u{7}b');
    expect(plainText('a\nb\r\tc')).toBe('a\\nb\\r\\tc');
    expect(plainText('a\u202efdp.exe')).toBe('a\\u{202e}fdp.exe');
    expect(plainText('a\u2028b\u009bc\u200bd')).toBe('a\\u{2028}b\\u{9b}c\\u{200b}d');
    expect(plainText('half \ud800 a pair')).toBe('half \\u{d800} a pair');
    expect(plainText('tag \u{e0041}')).toBe('tag \\u{e0041}');
  });

  it('is cut when it is very long', () => {
    expect(plainText('x'.repeat(2 ** 20))).toHaveLength(4097);
    expect(plainText('abcdef', 3)).toBe('abc…');
  });
});

describe('a sentence for a notification', () => {
  it('contains no link', () => {
    // As VS Code finds links in messages (src/vs/base/common/linkedText.ts).
    const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
    const text = '[Fix it](command:workbench.action.terminal.sendSequence?%7B%7D)';
    expect(text).toMatch(link);
    expect(plainMessage(`x.lineheat: [[a]](file:///b) ${text}`)).not.toMatch(link);
    expect(plainMessage(text)).toContain('[Fix it] (command:');
  });
});
