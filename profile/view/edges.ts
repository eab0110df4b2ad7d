/** Who calls a line and what it calls, found when somebody asks. */
import { addCost, costOfRow, costRowLength, wallOf, zeroCost } from '../cost';
import type { Cells } from '../feed/cells';
import type { ResolvedFrame } from '../feed/lineCosts';
import type { CallEdge, Cost } from '../types';
import type { WalkedStacks } from './stacks';

/** Where time was spent: of a process, or of several together. */
export interface Places {
  readonly stacks: WalkedStacks;
  readonly cells: Pick<Cells, 'count' | 'stack' | 'leaf' | 'total'>;
}

/**
 * Callers are the lines that called the function around this line while this line was running; callees are functions,
 * at their first lines. Each stack counts once for each edge; calls from a line or function to itself are left out.
 */
export function callEdges(
  places: readonly Places[],
  path: string,
  line: number,
): { callers: CallEdge[]; callees: CallEdge[] } {
  const callers = new Map<object, CallEdge>();
  const callees = new Map<object, CallEdge>();
  for (const of of places) {
    const above = of.stacks.nodesAbove(path, line);
    for (let cell = 0; cell < of.cells.count; cell++) {
      if (above[of.cells.stack[cell]!] === 1) {
        walk(of, cell, path, line, callers, callees);
      }
    }
  }
  return { callers: sorted(callers), callees: sorted(callees) };
}

function walk(
  of: Places,
  cell: number,
  path: string,
  line: number,
  callers: Map<object, CallEdge>,
  callees: Map<object, CallEdge>,
): void {
  const counted = new Set<object>();
  const cost = (): Cost => costOfRow(of.cells.total, cell * costRowLength);
  let inner: ResolvedFrame | undefined;
  for (let at = of.stacks.visible(of.cells.stack[cell]!); at !== 0; at = of.stacks.parentOf(at)) {
    const frame = of.stacks.frame(at);
    if (frame && isAt(frame, path, line) && inner && inner.function !== frame.function) {
      const callee = inner.function;
      count(callees, counted, callee, callee.file.path, callee.line, callee.qualname, cost);
    }
    if (inner && isAt(inner, path, line) && frame && frame.line !== inner.line) {
      const caller = frame.line;
      count(callers, counted, caller, caller.file.path, caller.line, frame.function.qualname, cost);
    }
    inner = frame;
  }
}

function isAt(frame: ResolvedFrame, path: string, line: number): boolean {
  return frame.line.line === line && frame.line.file.path === path;
}

function count(
  edges: Map<object, CallEdge>,
  counted: Set<object>,
  key: object,
  path: string,
  line: number,
  name: string,
  cost: () => Cost,
): void {
  if (counted.has(key)) {
    return;
  }
  counted.add(key);
  let edge = edges.get(key);
  if (!edge) {
    edge = { path, line, function: name, total: zeroCost() };
    edges.set(key, edge);
  }
  addCost(edge.total, cost());
}

function sorted(edges: Map<object, CallEdge>): CallEdge[] {
  return [...edges.values()].sort((a, b) => wallOf(b.total) - wallOf(a.total));
}
