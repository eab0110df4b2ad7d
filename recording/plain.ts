/**
 * Makes text from outside plain and short where it enters, so that later code need not: names, paths, notes and
 * arguments in a recording, symbols of a library, entries of a saved file. Terminals, notifications and hovers all
 * obey characters that a person does not see.
 */

/** Longer than any path that Linux accepts (4096 bytes), and any name that a person reads. */
const longestText = 4096;

/**
 * Control characters (C0, DEL, C1), line and paragraph separators, marks that reorder text (Unicode's bidirectional
 * formatting, UAX #9), characters that show nothing, and halves of surrogate pairs.
 */
const invisible =
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udc7f]/g;

const named: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' };

/** The text with invisible characters written as escapes (`\n`, `\e`, `\u{202e}`), cut after `longest` characters. */
export function plainText(text: string, longest = longestText): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return short.replace(
    invisible,
    (characters) =>
      named[characters] ?? [...characters].map((one) => escaped(one.codePointAt(0)!)).join(''),
  );
}

/** In names, a byte that is not UTF-8 is half of a surrogate pair (server/rawText.ts). */
function escaped(code: number): string {
  const isByte = code >= 0xdc80 && code <= 0xdcff;
  return isByte ? `\\x${(code - 0xdc00).toString(16)}` : `\\u{${code.toString(16)}}`;
}

/** The longest message that a person reads to its end, in characters. */
const longestMessage = 2000;

/**
 * A sentence for a notification. There editors make `[text](command:…)` a link that runs any command, whoever wrote the
 * words. A space between the brackets keeps it text.
 */
export function plainMessage(text: string): string {
  return plainText(text, longestMessage).replace(/\](?=\()/g, '] ');
}
