/** What the expressions of a line cost, in words, from its parts (lineParts.ts) and its text. */
import { clipMiddle } from './columns';
import { formatPercent } from './numbers';

/** Columns of a line, 1-based UTF-8 bytes (see LinePart), their amount, and the number of samples behind it. */
export interface PartAmount {
  start: number;
  end: number;
  amount: number;
  samples: number;
}

/** An expression of a line, without expressions inside it that are listed themselves. */
export interface Expression {
  /** `slow(3)`, or `….agg(mean)` if `…` is listed itself. */
  text: string;
  /** The share of the line, 0…1, and in words. */
  share: number;
  percent: string;
  /** Where it is: UTF-16 columns from 0 on; end is one past the last. */
  segments: { start: number; end: number }[];
}

/** An expression with less than this share of the line counts as a part of the one around it. */
const leastShare = 0.05;
/** Columns of an expression's text. */
const mostText = 56;

interface Node {
  start: number;
  end: number;
  amount: number;
  samples: number;
  children: Node[];
  isListed: boolean;
}

/**
 * The expressions of a line worth a mention, most expensive first; none if there is only one. None if the text does
 * not look like the one that ran.
 */
export function expressionsOf(parts: readonly PartAmount[], text: string): Expression[] {
  const root = treeOf(parts, text);
  const whole = sumOf(root);
  if (whole <= 0) return [];
  fold(root, whole, text);
  const listed = listedIn(root);
  const [only, another] = listed;
  if (!only || (!another && isAllOf(only, parts, text))) return [];
  return listed
    .sort((a, b) => b.amount - a.amount)
    .map((node) => {
      const segments = segmentsOf(node, text);
      const share = Math.min(1, node.amount / whole);
      const percent = formatPercent(share, node.samples);
      return { text: textOf(node, segments, text), share, percent, segments };
    });
}

/** Expressions as a tree; the root is the line, with the amounts that belong to no expression. */
function treeOf(parts: readonly PartAmount[], text: string): Node {
  const columns = columnsOfBytes(text);
  const root: Node = {
    start: 0,
    end: text.length,
    amount: 0,
    samples: 0,
    children: [],
    isListed: false,
  };
  const nodes: Node[] = [];
  for (const { start, end, amount, samples } of parts) {
    const from = start > 0 ? columns.get(start - 1) : undefined;
    const to = end === Infinity ? endOfCode(text) : columns.get(end - 1);
    const isKnown = from !== undefined && to !== undefined && isWhole(text, from, to, end);
    if (isKnown) {
      nodes.push({ start: from, end: to, amount, samples, children: [], isListed: false });
    } else {
      root.amount += amount;
      root.samples += samples;
    }
  }
  nodes.sort((a, b) => a.start - b.start || b.end - a.end);
  const open = [root];
  for (const node of nodes) {
    while (open.length > 1 && open.at(-1)!.end <= node.start) open.pop();
    const around = open.at(-1)!;
    const isSame = around !== root && around.start === node.start && around.end === node.end;
    if (isSame || node.end > around.end) {
      // The two overlap, and neither contains the other.
      give(isSame ? around : root, node);
      continue;
    }
    around.children.push(node);
    open.push(node);
  }
  return root;
}

function give(to: Node, from: Node): void {
  to.amount += from.amount;
  to.samples += from.samples;
}

function sumOf(node: Node): number {
  return node.children.reduce((sum, child) => sum + sumOf(child), node.amount);
}

/** Lists expressions that are worth it, from the inside out; the amounts of others go to the expression around them. */
function fold(node: Node, whole: number, text: string): void {
  for (const child of node.children) {
    fold(child, whole, text);
    const isName = /^\w+$/.test(text.slice(child.start, child.end));
    child.isListed = !isName && child.amount >= leastShare * whole && child.samples > 0;
    if (!child.isListed) give(node, child);
  }
}

function listedIn(node: Node): Node[] {
  return node.children.flatMap((child) => [...(child.isListed ? [child] : []), ...listedIn(child)]);
}

/** The outermost listed expressions inside another one. */
function insideOf(node: Node): Node[] {
  return node.children.flatMap((child) => (child.isListed ? [child] : insideOf(child)));
}

/** Whether nothing else on the line could cost anything. */
function isAllOf(node: Node, parts: readonly PartAmount[], text: string): boolean {
  const rest = text.slice(0, node.start) + endOfLine(text, node.end);
  return parts.length === 1 || !/[([{+\-*/%@<>|&^~]/.test(rest);
}

function endOfLine(text: string, from: number): string {
  return text.slice(from, Math.max(from, endOfCode(text)));
}

/** Where the code of a line ends and white space or a comment begins. */
function endOfCode(text: string): number {
  return text.replace(/\s+#[^'"]*$/, '').trimEnd().length;
}

/** The columns of a node without the listed expressions inside it, trimmed. */
function segmentsOf(node: Node, text: string): { start: number; end: number }[] {
  const segments: { start: number; end: number }[] = [];
  let at = node.start;
  for (const inside of [...insideOf(node), { start: node.end, end: node.end }]) {
    const piece = text.slice(at, inside.start);
    const start = at + piece.length - piece.trimStart().length;
    const end = at + piece.trimEnd().length;
    if (end > start) segments.push({ start, end });
    at = inside.end;
  }
  return segments;
}

function textOf(
  node: Node,
  segments: readonly { start: number; end: number }[],
  text: string,
): string {
  let at = node.start;
  let words = '';
  for (const inside of insideOf(node)) {
    const isInBrackets = /^\(.*\)$/.test(text.slice(inside.start, inside.end));
    words += `${text.slice(at, inside.start)}${isInBrackets ? '(…)' : '…'}`;
    at = inside.end;
  }
  words = (words + text.slice(at, node.end)).replace(/\s+/g, ' ');
  if (segments.length === 0) words = text.slice(node.start, node.end);
  return clipMiddle(words, mostText);
}

/** UTF-16 columns by the number of UTF-8 bytes before them; offsets inside a character have none. */
function columnsOfBytes(text: string): Map<number, number> {
  const columns = new Map<number, number>();
  let bytes = 0;
  let column = 0;
  for (const character of text) {
    columns.set(bytes, column);
    const code = character.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    column += character.length;
  }
  return columns.set(bytes, column);
}

const closing: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

/**
 * Whether columns can be those of an expression: no name is cut, and brackets are closed, if it ends on this line.
 * Some interpreters have wrong columns inside f-strings, and the code may have been compiled from another text.
 */
function isWhole(text: string, from: number, to: number, end: number): boolean {
  if (to <= from) return false;
  const cuts = (at: number): boolean => /\w/.test(text[at - 1] ?? '') && /\w/.test(text[at] ?? '');
  if (cuts(from) || (end !== Infinity && cuts(to)) || /^\s|\s$/.test(text.slice(from, to))) {
    return false;
  }
  if (end === Infinity) return true;
  const open: string[] = [];
  for (const character of withoutStrings(text.slice(from, to))) {
    if (character in closing) open.push(closing[character]!);
    else if (/[)\]}]/.test(character) && open.pop() !== character) return false;
  }
  return open.length === 0;
}

/** Code without its string literals, as far as a single line tells. */
function withoutStrings(code: string): string {
  return code.replace(/'''.*?'''|""".*?"""|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/g, "''");
}
