/**
 * Names that are not UTF-8. On Linux a name may be any bytes, and Node loses those that are not UTF-8. Here each such byte
 * is kept as half of a surrogate pair, U+DC80 to U+DCFF (decodeRaw in recording/utf8.ts), so that it can be restored.
 */

const escaped = /(?<![\ud800-\udbff])[\udc80-\udcff]/;

/** True when the text holds bytes that are not UTF-8. */
export function isRaw(text: string): boolean {
  return escaped.test(text);
}

/** The bytes that the text stands for. */
export function rawBytes(text: string): Buffer {
  if (!isRaw(text)) return Buffer.from(text);
  return Buffer.concat(
    [...text].map((character) =>
      isRaw(character) ? Buffer.of(character.charCodeAt(0) - 0xdc00) : Buffer.from(character),
    ),
  );
}

/** The bytes of a path that a recording shows with escapes such as `\\xe9`; undefined where it has none. */
export function shownPath(text: string): Buffer | undefined {
  const raw = text.replace(/\\x([89a-f][0-9a-f])/g, (_, hex: string) =>
    String.fromCharCode(0xdc00 + parseInt(hex, 16)),
  );
  return raw === text ? undefined : rawBytes(raw);
}

/** A path as Node's file system takes it. */
export function rawPath(text: string): string | Buffer {
  return isRaw(text) ? rawBytes(text) : text;
}
