/** The flame chart's strings, functions, frames and stacks, each once, in order of first use. */
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

/** Where time was spent: a process that is read, or all that have ended. */
export interface FlamePlaces {
  readonly stacks: StackTree;
  readonly cells: Cells;
  /** Nothing will become known of code that is not. */
  readonly isOver: boolean;
  between(stack: number): NativeNode | undefined;
}

export class FlameInterner {
  readonly #strings = new Table<string>();
  readonly #functions = new Table<[name: number, file: number, line: number, module: number]>();
  readonly #frames = new Table<[fn: number, line: number, column: number, kind: number]>();
  readonly #stacks = new Table<[frame: number, parent: number]>();
  /** The flame stack of each stack node, two higher; and where frames are folded. */
  readonly #nodes = new Map<FlamePlaces, number[]>();
  readonly #folded = new Map<FlamePlaces, number[]>();
  /** The flame stack of each cell, two higher; 0 not known yet. */
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

  /** The tables from these rows on. */
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

  /** Nobody will ask for cells of a process any more. */
  forget(of: FlamePlaces): void {
    this.#cells.delete(of);
    this.#nodes.delete(of);
    this.#folded.delete(of);
  }

  /** The stack that a cell shows as, −1 for none, undefined while code it names has not been read. */
  cellStack(of: FlamePlaces, cell: number): number | undefined {
    let known = this.#cells.get(of);
    if (!known || known.length <= cell) {
      known = withRoom(known ?? new Int32Array(0), of.cells.count);
      this.#cells.set(of, known);
    }
    if (known[cell] === 0) {
      const base = this.#pythonStack(of, of.cells.stack[cell]!);
      if (base === undefined) {
        return undefined;
      }
      known[cell] = this.#top(of.cells, cell, base) + 2;
    }
    return known[cell]! - 2;
  }

  /** Puts on top of the Python frames what the thread did there: native functions, the kernel, waiting. */
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

  /** Puts native frames on a stack; `without` is one that is shown as something else. */
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

  /** Iterative: stacks can be thousands of frames deep. */
  #pythonStack(of: FlamePlaces, stack: number): number | undefined {
    const { stacks } = of;
    const fold = this.fold?.innermost(stacks, stack) ? this.fold : undefined;
    const known = fold ? this.#folded : this.#nodes;
    let nodes = known.get(of);
    if (!nodes) {
      nodes = [1];
      known.set(of, nodes);
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
      const between = of.between(node);
      const place = stacks.callerOf(node) === 0 ? 'below' : 'between';
      const base = between && this.native ? this.#natives(between.shown(place), parent) : parent;
      // A frame that nobody wrote is passed over, what is native below it is not.
      const frame = stacks.visible(node) === node ? this.#pythonFrame(of, node) : -1;
      if (frame === undefined) {
        return undefined;
      }
      parent = frame < 0 ? base : this.#stack(frame, base);
      nodes[node] = parent + 2;
    }
    return parent;
  }

  #pythonFrame(of: FlamePlaces, node: number): number | undefined {
    const owner = of.stacks.frame(node)?.function;
    const position = of.stacks.position(node);
    if (!owner || !position) {
      return !of.isOver
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

/** Rows that are each there once. */
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
