/** Adds up costs by source line and by function, and hands them out as plain data. */
import { addRow, costRowLength } from '../cost';
import type { Cells } from './cells';
import { Codes } from '../stacks/codes';
import { buildFile } from './fileCost';
import type { FileEntry, FunctionEntry, LineEntry, ResolvedFrame } from './lineEntries';
import { LineTables } from '../stacks/lineTable';
import { MemoryShares, noMemory } from '../memory/shares';
import type { MemorySites } from '../memory/sites';
import type { NativeNode } from '../stacks/nativeChains';
import type { StackTree } from '../stacks/stackTree';
import type { FileCost } from '../types';

/** All lines and functions of a run. */
export class LineCosts {
  readonly files = new Map<string, FileEntry>();
  readonly tables = new LineTables();
  readonly codes = new Codes(this);
  #stamp = 0;
  #isMemoryMeasured = false;

  /** The entry of a function, made when new. qualname is empty before Python 3.11; the name stands for it. */
  functionEntry(path: string, name: string, qualname: string, line: number): FunctionEntry {
    let file = this.files.get(path);
    if (!file) {
      file = { path, lines: new Map(), functions: new Map(), stamp: 0, built: undefined };
      this.files.set(path, file);
    }
    const full = qualname || name;
    const key = `${line} ${full}`;
    let entry = file.functions.get(key);
    if (!entry) {
      entry = {
        file,
        name,
        qualname: full,
        line,
        self: new Float64Array(costRowLength),
        total: new Float64Array(costRowLength),
        memory: undefined,
        gpu: undefined,
        helpers: undefined,
        endedHelpers: 0,
        frames: new Map(),
        stamp: 0,
      };
      file.functions.set(key, entry);
    }
    return entry;
  }

  /** The entry of a line that a function executes, made when new. A line in several functions belongs to the named one. */
  lineEntry(owner: FunctionEntry, line: number): LineEntry {
    let entry = owner.file.lines.get(line);
    if (!entry) {
      entry = {
        file: owner.file,
        line,
        function: owner,
        self: new Float64Array(costRowLength),
        total: new Float64Array(costRowLength),
        natives: new Map(),
        memory: undefined,
        gpu: undefined,
        helpers: undefined,
        endedHelpers: 0,
        stamp: 0,
        built: undefined,
      };
      owner.file.lines.set(line, entry);
    } else if (nameRank(owner.name) > nameRank(entry.function.name)) {
      entry.function = owner;
      entry.built = undefined;
      entry.file.built = undefined;
    }
    return entry;
  }

  /** The frame of a function on a line, made when new. */
  frame(owner: FunctionEntry, line: number): ResolvedFrame {
    let frame = owner.frames.get(line);
    if (!frame) {
      frame = { line: this.lineEntry(owner, line), function: owner };
      owner.frames.set(line, frame);
    }
    return frame;
  }

  /** Starts a new stack: what is added until the next call counts once for each line and function. */
  nextStack(): void {
    this.#stamp++;
  }

  /** Adds a cost row to the totals of a frame on the current stack. */
  addTotal(line: LineEntry, owner: FunctionEntry, rows: Float64Array, offset: number): void {
    if (line.stamp !== this.#stamp) {
      line.stamp = this.#stamp;
      line.built = undefined;
      line.file.built = undefined;
      addRow(line.total, 0, rows, offset);
    }
    if (owner.stamp !== this.#stamp) {
      owner.stamp = this.#stamp;
      owner.file.built = undefined;
      addRow(owner.total, 0, rows, offset);
    }
  }

  /** Adds native time, ns, to the compiled function that a line spent it in. */
  addNative(line: LineEntry, node: NativeNode, ns: number): void {
    const share = line.natives.get(node.key);
    if (share) {
      share.self += ns;
    } else {
      line.natives.set(node.key, { symbol: node.label, module: node.module, self: ns });
    }
  }

  /** Adds GPU time, ns, to a frame on the current stack. isInnermost: it counts as the line's own time as well. */
  addGpu(line: LineEntry, owner: FunctionEntry, ns: number, isInnermost: boolean): void {
    for (const entry of [line, owner]) {
      entry.gpu ??= { self: 0, total: 0 };
      entry.gpu.self += isInnermost ? ns : 0;
      entry.gpu.total += entry.stamp === this.#stamp ? 0 : ns;
      entry.stamp = this.#stamp;
    }
    line.built = undefined;
    line.file.built = undefined;
  }

  /** Adds helper threads to a frame whose cost is being added. */
  addHelpers(line: LineEntry, owner: FunctionEntry, threads: ReadonlySet<number>): void {
    for (const entry of [line, owner]) {
      const known = (entry.helpers ??= new Set());
      threads.forEach((thread) => known.add(thread));
    }
  }

  /** A process has ended: the ids of the helper threads of its cells are replaced by their number. */
  endHelpers(helpersOf: ReadonlyMap<number, Set<number>>, cells: Cells, stacks: StackTree): void {
    const ended = new Map<FunctionEntry | LineEntry, Set<number>>();
    for (const [cell, threads] of helpersOf) {
      let at = stacks.visible(cells.stack[cell]!);
      for (; at !== 0; at = stacks.parentOf(at)) {
        const frame = stacks.frame(at);
        for (const entry of frame ? [frame.line, frame.function] : []) {
          const known = ended.get(entry) ?? new Set();
          ended.set(entry, known);
          threads.forEach((thread) => known.add(thread));
        }
      }
    }
    for (const [entry, threads] of ended) {
      threads.forEach((thread) => entry.helpers?.delete(thread));
      entry.endedHelpers += threads.size;
    }
  }

  /**
   * Memory is being measured. From now on a line without allocations has allocated nothing, instead of an unknown
   * amount.
   */
  measureMemory(): void {
    if (!this.#isMemoryMeasured) {
      this.#isMemoryMeasured = true;
      for (const file of this.files.values()) {
        file.built = undefined;
        file.lines.forEach((line) => (line.built = undefined));
      }
    }
  }

  /** Whether this is the first call for this file and the current stack. */
  isFirstOfFile(file: FileEntry): boolean {
    const isFirst = file.stamp !== this.#stamp;
    file.stamp = this.#stamp;
    return isFirst;
  }

  /** The memory of a frame has changed. place: a site that the frame is charged with from now on. */
  touchMemory(
    line: LineEntry,
    owner: FunctionEntry,
    place: { sites: MemorySites; site: number } | undefined,
  ): void {
    line.built = undefined;
    line.file.built = undefined;
    if (place) {
      (line.memory ??= new MemoryShares()).add(place.sites, place.site);
      (owner.memory ??= new MemoryShares()).add(place.sites, place.site);
    }
  }

  /** All files as plain data. A file without new cost is the same object as at the last call. */
  snapshot(): Map<string, FileCost> {
    const files = new Map<string, FileCost>();
    for (const [path, file] of this.files) {
      file.built ??= buildFile(file, this.#isMemoryMeasured ? noMemory : null);
      if (file.built.lines.length > 0) {
        files.set(path, file.built);
      }
    }
    return files;
  }
}

/**
 * Which of the functions on one line names it: a named function rather than the module, the module rather than a
 * comprehension or a lambda.
 */
function nameRank(name: string): number {
  return name === '<module>' ? 1 : name.startsWith('<') ? 0 : 2;
}
