/** What the demanglers of C++ and of Rust share. */

/** Longer lists of arguments say less, not more. */
const longestArguments = 60;
/** Of one type. Crafted symbols double a type with every few letters. */
const longestType = 300;

/** The symbol uses a part of the grammar that is left out, or is not sound. */
export class NotUnderstood extends Error {}

export function shortened(type: string): string {
  return type.length > longestType ? '…' : type;
}

/** `<int, float>` */
export function shortList(list: readonly string[]): string {
  const all = list.join(', ');
  return all.length > longestArguments ? '<…>' : `<${all}>`;
}
