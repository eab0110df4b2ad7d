/** What the demanglers of C++ and of Rust share. */

/** Characters of a list of arguments; a longer one is shown as `<…>`. */
const longestArguments = 60;
/** Characters of one type: crafted symbols can double a type with every few letters. */
const longestType = 300;

/** The symbol uses a part of the grammar that is left out, or is not sound. */
export class NotUnderstood extends Error {}

/** A type, or `…` for one that is too long to show. */
export function shortened(type: string): string {
  return type.length > longestType ? '…' : type;
}

/** A list in angle brackets, `<int, float>`; `<…>` if it is too long to show. */
export function shortList(list: readonly string[]): string {
  const all = list.join(', ');
  return all.length > longestArguments ? '<…>' : `<${all}>`;
}
