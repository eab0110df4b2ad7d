/** Who calls a line and what it calls. */
import { addCost, costOfRow, costRowLength, wallOf, zeroCost, type CostSum } from '../cost';
import type { ResolvedFrame } from '../feed/lineEntries';
import type { Cost } from '../types';
import type { Places, RunPlaces } from './places';

/** A caller or a callee of a line: a line of another function, and its share of the cost. */
export interface CallEdge {
  readonly path: string;
  readonly line: number;
  readonly function: string;
  /** Total cost that flowed along this edge. */
  readonly total: Cost;
}

/** Most expensive first. */
export interface CallEdges {
  readonly callers: readonly CallEdge[];
  readonly callees: readonly CallEdge[];
}

/**
 * Callers are the lines that called the function around this line while this line was running; callees are functions,
 * at their first lines. Each stack counts once for each edge; calls from a line or function to itself are left out.
 */
export function callEdges({ places }: RunPlaces, path: string, line: number): CallEdges {
  const callers: Edges = new Map();
  const callees: Edges = new Map();
  for (const part of places) {
    const { stacks, cells } = part;
    const above = stacks.nodesAbove(path, line);
    for (let cell = 0; cell < cells.count; cell++) {
      if (above[cells.stack[cell]!] === 1) {
        addEdges(part, cell, path, line, callers, callees);
      }
    }
  }
  return { callers: sorted(callers), callees: sorted(callees) };
}

/** Edges by the caller's line, or by the called function. */
type Edges = Map<object, CallEdge & { readonly total: CostSum }>;

function addEdges(
  { stacks, cells }: Places,
  cell: number,
  path: string,
  line: number,
  callers: Edges,
  callees: Edges,
): void {
  const counted = new Set<object>();
  const cost = (): Cost => costOfRow(cells.total, cell * costRowLength);
  let inner: ResolvedFrame | undefined;
  for (let node = stacks.visible(cells.stack[cell]!); node !== 0; node = stacks.parentOf(node)) {
    const frame = stacks.frame(node);
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
  edges: Edges,
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

function sorted(edges: Edges): CallEdge[] {
  return [...edges.values()].sort((a, b) => wallOf(b.total) - wallOf(a.total));
}
