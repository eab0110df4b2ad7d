/** The flame chart's strings, functions, frames and stacks, each once, in order of first use. */
import type { Cells } from './cells';
import type { NativeNode } from './nativeChains';
import type { ProcessFeed } from './processFeed';
import { frameKinds, type FlameTables, type FlameThread, type FrameKind } from './types';

const kindIds = Object.fromEntries(frameKinds.map((kind, id) => [kind, id])) as Record<
  FrameKind,
  number
>;

export class FlameInterner {
  readonly #strings = new Table<string>();
  readonly #functions = new Table<[name: number, file: number, line: number, module: number]>();
  readonly #frames = new Table<[fn: number, line: number, column: number, kind: number]>();
  readonly #stacks = new Table<[frame: number, parent: number]>();
  /** Of each process, the flame stack of each stack node, one higher; 0 not known yet. */
  readonly #nodes = new Map<ProcessFeed, number[]>();
  readonly #nativeFrames = new Map<NativeNode, number>();

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

  /** The stack that a cell shows as, −1 for none, undefined while code it names has not been read. */
  cellStack(feed: ProcessFeed, cell: number): number | undefined {
    const { flame, stack } = feed.cells;
    if (flame[cell] === -2) {
      const base = this.#pythonStack(feed, stack[cell]!);
      if (base === undefined) {
        return undefined;
      }
      flame[cell] = this.#top(feed.cells, cell, base);
    }
    return flame[cell];
  }

  /** Puts on top of the Python frames what the thread did there: native functions, the kernel, waiting. */
  #top(cells: Cells, cell: number, base: number): number {
    const top = cells.top(cell);
    if (top === 'wait' || top === 'gil') {
      const what = top === 'gil' ? 'waiting for the GIL' : 'waiting';
      return cells.stack[cell] === 0 ? base : this.#push(base, what, '', top);
    }
    let at = base;
    const leaf = cells.leaf[cell];
    const inKernel = top === 'system' && leaf?.moduleKind === 'libc';
    if (leaf && cells.work[cell] === 'native') {
      for (const node of leaf.shown) {
        if (!(inKernel && node === leaf)) {
          at = this.#stack(this.#nativeFrame(node), at);
        }
      }
    }
    if (top === 'system') {
      // libc's last function before the kernel is the system call's own name, more or less.
      const call = inKernel ? leaf.symbol : undefined;
      return this.#push(at, call === undefined ? 'kernel' : `${call} (kernel)`, '', 'system');
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
  #pythonStack(feed: ProcessFeed, stack: number): number | undefined {
    let nodes = this.#nodes.get(feed);
    if (!nodes) {
      nodes = [0];
      this.#nodes.set(feed, nodes);
    }
    const missing: number[] = [];
    let at = feed.stacks.visible(stack);
    while (at !== 0 && !nodes[at]) {
      missing.push(at);
      at = feed.stacks.parentOf(at);
    }
    let parent = at === 0 ? -1 : nodes[at]! - 1;
    while (missing.length > 0) {
      const node = missing.pop()!;
      const frame = this.#pythonFrame(feed, node);
      if (frame === undefined) {
        return undefined;
      }
      parent = this.#stack(frame, parent);
      nodes[node] = parent + 1;
    }
    return parent;
  }

  #pythonFrame(feed: ProcessFeed, node: number): number | undefined {
    const owner = feed.stacks.frame(node)?.function;
    const position = feed.stacks.position(node);
    if (!owner || !position) {
      return feed.state === 'running'
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
