/**
 * Samples folded into cells: one per different (stack, native chain, kind of call, state). A long run has far fewer
 * cells than samples, so that everything derived from samples is derived from cells.
 */
import { classify, type Work } from './classify';
import { addCost, zeroCost } from './cost';
import type { NativeNode } from './nativeChains';
import { callKinds, type CallKind } from './opcodes';
import type { Cost } from './types';

/** What tops the Python frames of a cell. */
export const cellTops = ['running', 'system', 'wait', 'gil'] as const;
export type CellTop = (typeof cellTops)[number];

export interface Cell {
  /** Innermost Python frame, 0 for none. */
  stack: number;
  leaf: NativeNode | undefined;
  top: CellTop;
  /** Whose work the CPU time outside the kernel is. */
  work: Work;
  total: Cost;
  /** The part of total not yet added to lines. */
  fresh: Cost;
  dirty: boolean;
  /** Its stack in the flame chart: −2 not known yet, −1 none. */
  flame: number;
}

/** Ids of native nodes stay below this. */
const nativeLimit = 2 ** 22;

/** The cells of one process. */
export class Cells {
  readonly all: Cell[] = [];
  /** Cells with fresh cost. */
  dirty: Cell[] = [];
  readonly #pairs = new Map<number, number>();
  readonly #ids = new Map<number, number>();

  /** Id (index in all) of a cell, made when new. */
  find(stack: number, leaf: NativeNode | undefined, kind: CallKind, top: CellTop): number {
    const place = stack * nativeLimit + (leaf?.id ?? 0);
    let pair = this.#pairs.get(place);
    if (pair === undefined) {
      pair = this.#pairs.size;
      this.#pairs.set(place, pair);
    }
    const key = pair * 32 + callKinds.indexOf(kind) * 4 + cellTops.indexOf(top);
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.all.length;
      this.#ids.set(key, id);
      this.all.push({
        stack,
        leaf,
        top,
        work: workOf(stack, leaf, kind),
        total: zeroCost(),
        fresh: zeroCost(),
        dirty: false,
        flame: -2,
      });
    }
    return id;
  }

  add(cell: Cell, cost: Cost): void {
    addCost(cell.total, cost);
    addCost(cell.fresh, cost);
    if (!cell.dirty) {
      cell.dirty = true;
      this.dirty.push(cell);
    }
  }
}

/** Without a Python frame, an interpreter at work is CPython starting or ending; anything else is a thread of its own. */
function workOf(stack: number, leaf: NativeNode | undefined, kind: CallKind): Work {
  if (stack !== 0) {
    return classify(kind, leaf?.chain ?? []);
  }
  const kinds = leaf?.chain.map(({ moduleKind }) => moduleKind) ?? [];
  const foreign = kinds.includes('other') || kinds.includes('anonymous');
  return kinds.includes('interpreter') && !foreign ? 'runtime' : 'native';
}
