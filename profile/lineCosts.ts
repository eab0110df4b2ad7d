/** Costs by source line and by function, added up as samples come in and handed out as immutable files. */
import { addCost, zeroCost } from './cost';
import type { Cost, FileCost, FunctionCost, LineCost, NativeShare } from './types';

/** A function as a line or a flame chart names it. */
export interface FunctionEntry {
  file: FileEntry;
  name: string;
  qualname: string;
  line: number;
  self: Cost;
  total: Cost;
  /** The last cell added to total, so that recursion counts once. */
  stamp: number;
}
/** One line of a file; see FunctionEntry for stamp. */
export interface LineEntry {
  file: FileEntry;
  line: number;
  function: FunctionEntry;
  self: Cost;
  total: Cost;
  natives: Map<string, NativeShare>;
  stamp: number;
}
export interface FileEntry {
  path: string;
  lines: Map<number, LineEntry>;
  functions: Map<string, FunctionEntry>;
  /** As last handed out; undefined once something has been added since. */
  built: FileCost | undefined;
}

/** All lines and functions of a run. */
export class LineCosts {
  readonly files = new Map<string, FileEntry>();
  #stamp = 0;

  /** The entry of a function, made when new. qualname is its name where the recording has none (before 3.11). */
  functionEntry(path: string, name: string, qualname: string, line: number): FunctionEntry {
    let file = this.files.get(path);
    if (!file) {
      file = { path, lines: new Map(), functions: new Map(), built: undefined };
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
        self: zeroCost(),
        total: zeroCost(),
        stamp: 0,
      };
      file.functions.set(key, entry);
    }
    return entry;
  }

  /** The entry of a line executed by a function, made when new. A line in several functions belongs to the one with a name. */
  lineEntry(owner: FunctionEntry, line: number): LineEntry {
    let entry = owner.file.lines.get(line);
    if (!entry) {
      entry = {
        file: owner.file,
        line,
        function: owner,
        self: zeroCost(),
        total: zeroCost(),
        natives: new Map(),
        stamp: 0,
      };
      owner.file.lines.set(line, entry);
    } else if (nameRank(owner.name) > nameRank(entry.function.name)) {
      entry.function = owner;
      entry.file.built = undefined;
    }
    return entry;
  }

  /** Starts a new stack: what is added until the next call counts once per line and function. */
  nextStack(): void {
    this.#stamp++;
  }

  /** Adds to the total of a frame on the current stack. */
  addTotal(line: LineEntry, owner: FunctionEntry, cost: Cost): void {
    if (line.stamp !== this.#stamp) {
      line.stamp = this.#stamp;
      line.file.built = undefined;
      addCost(line.total, cost);
    }
    if (owner.stamp !== this.#stamp) {
      owner.stamp = this.#stamp;
      owner.file.built = undefined;
      addCost(owner.total, cost);
    }
  }

  /** Adds to the self cost of the innermost frame on the current stack. */
  addSelf(line: LineEntry, owner: FunctionEntry, cost: Cost): void {
    addCost(line.self, cost);
    addCost(owner.self, cost);
  }

  /** Adds native time of a line under the compiled function that took it, ns. */
  addNative(line: LineEntry, symbol: string, module: string, ns: number): void {
    const key = `${symbol}\n${module}`;
    const share = line.natives.get(key);
    if (share) {
      share.self += ns;
    } else {
      line.natives.set(key, { symbol, module, self: ns });
    }
  }

  /** The files as they are now. A file that has not changed since the last call is the same object. */
  snapshot(): Map<string, FileCost> {
    const files = new Map<string, FileCost>();
    for (const [path, file] of this.files) {
      file.built ??= buildFile(file);
      if (file.built.lines.length > 0) {
        files.set(path, file.built);
      }
    }
    return files;
  }
}

function buildFile(file: FileEntry): FileCost {
  const lines: LineCost[] = [];
  for (const entry of file.lines.values()) {
    if (isEmpty(entry.total)) {
      continue;
    }
    lines.push({
      line: entry.line,
      function: entry.function.qualname,
      self: { ...entry.self },
      total: { ...entry.total },
      memory: null,
      natives: [...entry.natives.values()]
        .map((share) => ({ ...share }))
        .sort((a, b) => b.self - a.self),
    });
  }
  const functions: FunctionCost[] = [];
  for (const entry of file.functions.values()) {
    if (!isEmpty(entry.total)) {
      functions.push({
        name: entry.name,
        qualname: entry.qualname,
        line: entry.line,
        self: { ...entry.self },
        total: { ...entry.total },
        memory: null,
      });
    }
  }
  lines.sort((a, b) => a.line - b.line);
  functions.sort((a, b) => a.line - b.line);
  return { path: file.path, lines, functions };
}

function isEmpty(total: Cost): boolean {
  return total.samples === 0 && total.python + total.native + total.system + total.wait === 0;
}

/** A comprehension or lambda shares its line with the function around it, a definition its first line with the module. */
function nameRank(name: string): number {
  return name === '<module>' ? 1 : name.startsWith('<') ? 0 : 2;
}
