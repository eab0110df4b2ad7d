/** UTF-8, by the platform's own codec. Node and browsers both have it, though their type libraries do not share it. */

declare class TextDecoder {
  constructor(label: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes: Uint8Array): string;
}
declare class TextEncoder {
  encode(text: string): Uint8Array;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const strictDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
const encoder = new TextEncoder();

/** Decodes bytes [start, end); invalid UTF-8 becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (start === end) {
    return '';
  }
  return decoder.decode(bytes.subarray(start, end));
}

/**
 * Decodes names, which need not be UTF-8. Each invalid byte becomes half of a surrogate pair, U+DC80 to U+DCFF, as in
 * Python (PEP 383), and can be recovered (server/rawText.ts).
 */
export function decodeRaw(bytes: Uint8Array): string {
  const whole = decodeUtf8(bytes, 0, bytes.length);
  if (!whole.includes('\ufffd')) return whole;
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const piece = strict(bytes.subarray(at, at + length));
    text += piece ?? String.fromCharCode(0xdc00 + lead);
    at += piece === undefined ? 1 : length;
  }
  return text;
}

/** undefined for bytes that are not whole characters. */
function strict(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}
