/**
 * Which part of a line costs what: stacks name instructions, and from CPython 3.11 on line tables say which columns an
 * instruction comes from.
 */
import { addRow, costOfRow, costRow, costRowLength } from '../cost';
import type { Cost } from '../types';
import type { RunPlaces } from './places';
import type { FunctionEntry } from '../feed/lineEntries';

import type { WalkedStacks } from './stacks';
import type { Writable } from '../writable';

/**
 * What a part of a line cost, with what it called. Parts lie within other parts, and each sample counts for the
 * innermost.
 */
export interface LinePart {
  /**
   * Its columns, 1-based UTF-8 bytes. end is one past the last; Infinity: the part goes on in the next line. Both 0:
   * unknown.
   */
  readonly start: number;
  readonly end: number;
  readonly cost: Cost;
}

/** What a line itself did in the kernel, by the function of the C library that made the system call: `write`. */
export interface KernelShare {
  readonly name: string;
  readonly systemNs: number;
  readonly waitNs: number;
}

export interface LineDetail {
  readonly parts: readonly LinePart[];
  readonly kernel: readonly KernelShare[];
}

/** Columns of a line, 1-based UTF-8 bytes; both 0: unknown. */
interface Columns {
  start: number;
  /** One past the last; Infinity: the part goes on in the next line. */
  end: number;
}

const unknown: Columns = { start: 0, end: 0 };

/** The parts of a line with what they called, and what the line itself did in the kernel. */
export function lineDetail({ places }: RunPlaces, path: string, line: number): LineDetail {
  const parts = new Map<string, Part>();
  const kernel = new Map<string, KernelSum>();
  for (const { stacks, cells } of places) {
    const above = stacks.nodesAbove(path, line);
    const known = new Map<number, Part>();
    for (let cell = 0; cell < cells.count; cell++) {
      const stack = stacks.visible(cells.stack[cell]!);
      if (above[stack] !== 1) continue;
      let part = known.get(stack);
      if (!part) {
        part = partAt(parts, columnsOn(stacks, stack, path, line));
        known.set(stack, part);
      }
      addRow(part.row, 0, cells.total, cell * costRowLength);
      if (isOn(stacks, stack, path, line)) {
        addKernel(kernel, cells.leaf(cell)?.kernelEntry, cells.total, cell * costRowLength);
      }
    }
  }
  return {
    parts: [...parts.values()].map(({ columns, row }): LinePart => ({
      ...columns,
      cost: costOfRow(row, 0),
    })),
    kernel: [...kernel.values()],
  };
}

type KernelSum = Writable<KernelShare>;

interface Part {
  columns: Columns;
  row: Float64Array;
}

function partAt(parts: Map<string, Part>, columns: Columns): Part {
  const key = `${columns.start} ${columns.end}`;
  let part = parts.get(key);
  if (!part) {
    part = { columns, row: new Float64Array(costRowLength) };
    parts.set(key, part);
  }
  return part;
}

function isOn(stacks: WalkedStacks, node: number, path: string, line: number): boolean {
  const found = stacks.frame(node)?.line;
  return found !== undefined && found.line === line && found.file.path === path;
}

/**
 * The part of a line that a stack is in. The outermost frame on the line decides, so that parts of a line that calls itself
 * add up to its total; comprehensions and lambdas inside that part say it more exactly.
 */
function columnsOn(stacks: WalkedStacks, stack: number, path: string, line: number): Columns {
  const onLine: number[] = [];
  for (let at = stack; at !== 0; at = stacks.parentOf(at)) {
    if (isOn(stacks, at, path, line)) onLine.push(at);
  }
  const owners = new Set<FunctionEntry>();
  let columns = unknown;
  for (const node of onLine.reverse()) {
    const { function: owner } = stacks.frame(node)!;
    const inner = columnsOf(stacks, node);
    const isInside =
      owners.size === 0 ||
      (inner.start >= columns.start && inner.end <= columns.end && inner.start > 0);
    if (owners.has(owner) || !isInside) break;
    owners.add(owner);
    columns = inner;
  }
  return columns;
}

/** The columns of a node's instruction, on the line that it begins on. */
export function columnsOf(stacks: WalkedStacks, node: number): Columns {
  const position = stacks.position(node);
  if (!position || position.column === 0) return unknown;
  const { line, endLine, column, endColumn } = position;
  const end = endLine > line ? Infinity : endColumn;
  return end > column ? { start: column, end } : unknown;
}

function addKernel(
  kernel: Map<string, KernelSum>,
  name: string | undefined,
  rows: Float64Array,
  row: number,
): void {
  const systemNs = rows[row + costRow.system]!;
  const waitNs = rows[row + costRow.wait]! - rows[row + costRow.gil]!;
  if (name === undefined || (systemNs <= 0 && waitNs <= 0)) return;
  const share = kernel.get(name) ?? { name, systemNs: 0, waitNs: 0 };
  share.systemNs += systemNs;
  share.waitNs += waitNs;
  kernel.set(name, share);
}
