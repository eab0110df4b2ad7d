/** The flame chart's strings, functions, frames and stacks, each kept once, in the order of first use. */
import type { Cells } from '../feed/cells';
import { withRoom } from '../../recording/arrays';
import type { Fold } from '../view/fold';
import type { NativeNode } from '../stacks/nativeChains';
import type { StackTree } from '../stacks/stackTree';
import { frameKinds, type FlameTables, type FlameThread, type FrameKind } from './tables';

const kindIds = Object.fromEntries(frameKinds.map((kind, id) => [kind, id])) as Record<
  FrameKind,
  number
>;

/** Where time was spent: a process that has not ended, or all processes that have. */
export interface FlamePlaces {
  readonly stacks: StackTree;
  readonly cells: Cells;
  /** Code that is unknown stays unknown. */
  readonly isOver: boolean;
  between(stack: number): NativeNode | undefined;
}

/** Gives the rows of the chart's tables their ids, for one look: with native frames or without, folded or not. */
export class FlameInterner {
  readonly #strings = new Table<string>();
  readonly #functions = new Table<[name: number, file: number, line: number, module: number]>();
  readonly #frames = new Table<[fn: number, line: number, column: number, kind: number]>();
  readonly #stacks = new Table<[frame: number, parent: number]>();
  /** The flame stack of each stack node plus 2; #folded: with frames of other files folded. */
  readonly #nodes = new Map<FlamePlaces, number[]>();
  readonly #folded = new Map<FlamePlaces, number[]>();
  /** The flame stack of each cell plus 2; 0: not found yet. */
  readonly #cells = new Map<FlamePlaces, Int32Array>();
  readonly #nativeFrames = new Map<NativeNode, number>();

  /** native: whether compiled functions have frames of their own. */
  constructor(
    private readonly native: boolean,
    private readonly fold: Fold | undefined,
  ) {}

  counts(): { strings: number; functions: number; frames: number; stacks: number } {
    return {
      strings: this.#strings.rows.length,
      functions: this.#functions.rows.length,
      frames: this.#frames.rows.length,
      stacks: this.#stacks.rows.length,
    };
  }

  /** The rows of the tables from these numbers on. */
  since(
    strings: number,
    functions: number,
    frames: number,
    stacks: number,
    threads: FlameThread[],
  ): FlameTables {
    const newFunctions = this.#functions.rows.slice(functions);
    const newFrames = this.#frames.rows.slice(frames);
    const newStacks = this.#stacks.rows.slice(stacks);
    return {
      strings: this.#strings.rows.slice(strings),
      functions: {
        name: Uint32Array.from(newFunctions, (row) => row[0]),
        file: Uint32Array.from(newFunctions, (row) => row[1]),
        line: Uint32Array.from(newFunctions, (row) => row[2]),
        module: Uint32Array.from(newFunctions, (row) => row[3]),
      },
      frames: {
        function: Uint32Array.from(newFrames, (row) => row[0]),
        line: Uint32Array.from(newFrames, (row) => row[1]),
        column: Uint32Array.from(newFrames, (row) => row[2]),
        kind: Uint8Array.from(newFrames, (row) => row[3]),
      },
      stacks: {
        frame: Uint32Array.from(newStacks, (row) => row[0]),
        parent: Int32Array.from(newStacks, (row) => row[1]),
      },
      threads,
    };
  }

  /** Forgets a process that has been folded together with others. */
  forget(places: FlamePlaces): void {
    this.#cells.delete(places);
    this.#nodes.delete(places);
    this.#folded.delete(places);
  }

  /** The flame stack of a cell; −1: none; undefined while its code is unknown. */
  cellStack(places: FlamePlaces, cell: number): number | undefined {
    let known = this.#cells.get(places);
    if (!known || known.length <= cell) {
      known = withRoom(known ?? new Int32Array(0), places.cells.count);
      this.#cells.set(places, known);
    }
    if (known[cell] === 0) {
      const base = this.#pythonStack(places, places.cells.stack[cell]!);
      if (base === undefined) {
        return undefined;
      }
      known[cell] = this.#top(places.cells, cell, base) + 2;
    }
    return known[cell]! - 2;
  }

  /** Adds to Python frames what the thread did there: native functions, the kernel, waiting. */
  #top(cells: Cells, cell: number, base: number): number {
    const top = cells.top(cell);
    const leaf = cells.leaf(cell);
    const alone = cells.stack[cell] === 0;
    if (alone && !leaf) {
      return top === 'system' ? this.#push(base, 'kernel', '', top) : base;
    }
    const call = top === 'wait' || top === 'system' ? leaf?.kernelEntry : undefined;
    let at = base;
    if (alone && !leaf!.foreign) {
      at = this.#push(base, '(interpreter)', '', 'python');
    } else if (leaf && cells.reach(cell) === 'native') {
      at = this.#natives(leaf.shown(alone ? 'alone' : 'above'), base, call ? leaf : undefined);
    }
    switch (top) {
      case 'running':
        return at;
      case 'gil':
        return this.#push(at, 'waiting for the GIL', '', top);
      case 'queue':
        return this.#push(at, 'waiting for a core', '', top);
      case 'wait':
        return this.#push(at, call === undefined ? 'waiting' : `waiting in ${call}`, '', top);
      case 'system':
        return this.#push(at, call === undefined ? 'kernel' : `${call} (kernel)`, '', top);
    }
  }

  /** Adds native frames to a stack; `without` is a frame that is shown as something else. */
  #natives(nodes: readonly NativeNode[], base: number, without?: NativeNode): number {
    let at = base;
    for (const node of this.native ? nodes : base < 0 ? nodes.slice(0, 1) : []) {
      if (node !== without) {
        at = this.#stack(this.#nativeFrame(node), at);
      }
    }
    return at;
  }

  #nativeFrame(node: NativeNode): number {
    let frame = this.#nativeFrames.get(node);
    if (frame === undefined) {
      frame = this.#frame(this.#function(node.label, '', 0, node.module), 0, 0, 'native');
      this.#nativeFrames.set(node, frame);
    }
    return frame;
  }

  #push(parent: number, name: string, module: string, kind: FrameKind): number {
    return this.#stack(this.#frame(this.#function(name, '', 0, module), 0, 0, kind), parent);
  }

  /** Without recursion, since stacks can be thousands of frames deep. */
  #pythonStack(places: FlamePlaces, stack: number): number | undefined {
    const { stacks } = places;
    const fold = this.fold?.innermost(stacks, stack) ? this.fold : undefined;
    const known = fold ? this.#folded : this.#nodes;
    let nodes = known.get(places);
    if (!nodes) {
      nodes = [1];
      known.set(places, nodes);
    }
    const missing: number[] = [];
    let at = stack;
    while (nodes[at] === undefined) {
      missing.push(at);
      at = stacks.callerOf(at);
    }
    let parent = nodes[at]! - 2;
    while (missing.length > 0) {
      const node = missing.pop()!;
      if (fold && stacks.frame(node) && !fold.keeps(stacks.frame(node))) {
        nodes[node] = parent + 2;
        continue;
      }
      const between = places.between(node);
      const place = stacks.callerOf(node) === 0 ? 'below' : 'between';
      const base = between && this.native ? this.#natives(between.shown(place), parent) : parent;
      // CPython's own frames are left out, but not the native frames below them.
      const frame = stacks.visible(node) === node ? this.#pythonFrame(places, node) : -1;
      if (frame === undefined) {
        return undefined;
      }
      parent = frame < 0 ? base : this.#stack(frame, base);
      nodes[node] = parent + 2;
    }
    return parent;
  }

  #pythonFrame(places: FlamePlaces, node: number): number | undefined {
    const owner = places.stacks.frame(node)?.function;
    const position = places.stacks.position(node);
    if (!owner || !position) {
      return !places.isOver
        ? undefined
        : this.#frame(this.#function('(unknown function)', '', 0, ''), 0, 0, 'python');
    }
    const id = this.#function(owner.qualname, owner.file.path, owner.line, '');
    return this.#frame(id, position.line, position.column, 'python');
  }

  #function(name: string, file: string, line: number, module: string): number {
    const names = this.#strings;
    const row = [
      names.intern(name, name),
      names.intern(file, file),
      line,
      names.intern(module, module),
    ] as [number, number, number, number];
    return this.#functions.intern(row.join(' '), row);
  }

  #frame(fn: number, line: number, column: number, kind: FrameKind): number {
    return this.#frames.intern(`${fn} ${line} ${column} ${kind}`, [
      fn,
      line,
      column,
      kindIds[kind],
    ]);
  }

  #stack(frame: number, parent: number): number {
    return this.#stacks.intern((parent + 1) * 2 ** 26 + frame, [frame, parent]);
  }
}

/** Rows that are each kept once. */
class Table<Row> {
  readonly rows: Row[] = [];
  readonly #ids = new Map<string | number, number>();

  intern(key: string | number, row: Row): number {
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.rows.length;
      this.#ids.set(key, id);
      this.rows.push(row);
    }
    return id;
  }
}
