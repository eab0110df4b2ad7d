/**
 * Text from outside — names, paths, notes, arguments in a recording, symbols of a library, entries of a saved file — made
 * plain and short where it enters, so that nothing behind has to remember: a terminal, a notification and a hover
 * all obey characters that a person does not see.
 */

/** Longer than any path that Linux accepts (4096 bytes), and than any name a person reads. */
const longestText = 4096;

/**
 * Control characters (C0, DEL, C1), line and paragraph separators, marks that reorder text (Unicode's bidirectional
 * formatting, UAX #9), characters that show nothing, and halves of surrogate pairs.
 */
const unseen =
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udc7f]/g;

const named: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' };

/** The text with what cannot be seen written as escapes (`\n`, `\e`, `\u{202e}`), and cut after `longest` characters. */
export function plainText(text: string, longest = longestText): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return short.replace(
    unseen,
    (it) => named[it] ?? [...it].map((one) => escaped(one.codePointAt(0)!)).join(''),
  );
}

/** A byte of a name that is not UTF-8 is half of a surrogate pair here (server/rawText.ts). */
function escaped(code: number): string {
  const isByte = code >= 0xdc80 && code <= 0xdcff;
  return isByte ? `\\x${(code - 0xdc00).toString(16)}` : `\\u{${code.toString(16)}}`;
}

/** Characters of a message that a person reads to its end. */
const longestMessage = 2000;

/**
 * A sentence for a notification. Editors make a link of `[text](command:…)` there, with every command allowed, whoever
 * the words come from: apart, the two halves are only text.
 */
export function plainMessage(text: string): string {
  return plainText(text, longestMessage).replace(/\](?=\()/g, '] ');
}
