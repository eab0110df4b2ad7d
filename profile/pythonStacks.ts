/** The Python stacks of one recording: a tree of frames, whose code may become known after the frames themselves. */
import { withoutRoom, withRoom } from './flameColumns';
import { lookUpNearest, type LineTable, type SourcePosition } from './lineTable';
import type { FunctionEntry, LineCosts, ResolvedFrame } from './lineCosts';
import { absolutePath } from './paths';
import type { CodeRecord, ProcessRecord, StackRecord } from './records';

interface Code {
  function: FunctionEntry;
  table: LineTable;
  /** CPython's own: 3.12 and later put a frame that nobody wrote below an `__init__`. */
  isShim: boolean;
}

const shim = 2;

/** Nodes are named by the recording's implied ids; node 0 is no frame. Frames that nobody wrote are passed over. */
export class PythonStacks {
  #parent = new Int32Array(1);
  #code = new Float64Array(1);
  #instruction = new Int32Array(1);
  #between = new Int32Array(1);
  /** 1: not a shim, 2: a shim, 0: not known yet. */
  #sort = Uint8Array.of(1);
  /** 1: the code of this node and of all below it is known. */
  #complete = Uint8Array.of(1);
  #count = 1;
  /** Functions whose lines make no sense. */
  damagedTables = 0;
  readonly #frames: (ResolvedFrame | undefined)[] = [undefined];
  #codes = new Map<number, Code>();

  constructor(private readonly lines: LineCosts) {}

  addCode(record: CodeRecord, process: ProcessRecord): void {
    const path = absolutePath(process.cwd, record.filename);
    const { firstLine, lineTable } = record;
    const table = this.lines.tables.decode(process.hexversion, firstLine, lineTable);
    this.damagedTables += table.isDamaged ? 1 : 0;
    this.#codes.set(record.code, {
      function: this.lines.functionEntry(path, record.name, record.qualname, record.firstLine),
      table,
      isShim: record.lineTable.length <= 2 && record.filename === record.name,
    });
  }

  addStack({ parent, code, instruction, between }: StackRecord): void {
    const id = this.#count++;
    this.#parent = withRoom(this.#parent, this.#count);
    this.#code = withRoom(this.#code, this.#count);
    this.#instruction = withRoom(this.#instruction, this.#count);
    this.#between = withRoom(this.#between, this.#count);
    this.#sort = withRoom(this.#sort, this.#count);
    this.#complete = withRoom(this.#complete, this.#count);
    // A parent must come first; anything else is damage, and would be a loop.
    this.#parent[id] = parent < id ? parent : 0;
    this.#code[id] = code;
    this.#instruction[id] = instruction;
    this.#between[id] = between;
    this.#frames.push(undefined);
  }

  /** Whether the recording has said what this node is. */
  has(stack: number): boolean {
    return stack < this.#count;
  }

  /** The node below, seen or not, 0 for none. */
  callerOf(stack: number): number {
    return this.#parent[stack]!;
  }

  /** Leaf of the native frames between a node and the one below, by its implied id, 0 for none. */
  betweenOf(stack: number): number {
    return this.#between[stack]!;
  }

  /** The frame below, 0 for none. */
  parentOf(stack: number): number {
    return this.visible(this.#parent[stack]!);
  }

  /** The node itself, or the nearest below it that somebody wrote; 0 for none. */
  visible(stack: number): number {
    let at = stack;
    while (this.#sort[at] !== 1 && this.frame(at) && this.#sort[at] === shim) {
      at = this.#parent[at]!;
    }
    return at;
  }

  /** The frame of a node; undefined while its code is unknown. */
  frame(stack: number): ResolvedFrame | undefined {
    let frame = this.#frames[stack];
    if (!frame) {
      const code = this.#codes.get(this.#code[stack]!);
      if (code) {
        const { line } = lookUpNearest(code.table, this.#instruction[stack]!);
        frame = this.lines.frame(code.function, line);
        this.#frames[stack] = frame;
        this.#sort[stack] = code.isShim ? shim : 1;
      }
    }
    return frame;
  }

  /** Where exactly a node is; undefined while its code is unknown. */
  position(stack: number): SourcePosition | undefined {
    const code = this.#codes.get(this.#code[stack]!);
    return code && lookUpNearest(code.table, this.#instruction[stack]!);
  }

  /** Whether the code of all frames of a stack is known. */
  isComplete(stack: number): boolean {
    let known = stack;
    while (this.#complete[known] === 0) {
      if (!this.frame(known)) {
        return false;
      }
      known = this.#parent[known]!;
    }
    for (let at = stack; at !== known; at = this.#parent[at]!) {
      this.#complete[at] = 1;
    }
    return true;
  }

  /** Nobody asks for positions any more, and no frames will be added: keeps which lines the frames are on. */
  compact(): void {
    for (let at = 1; at < this.#count; at++) {
      this.frame(at);
    }
    this.#codes = new Map();
    this.#parent = withoutRoom(this.#parent, this.#count);
    this.#sort = withoutRoom(this.#sort, this.#count);
    this.#code = new Float64Array(0);
    this.#instruction = new Int32Array(0);
    this.#between = new Int32Array(0);
    this.#complete = new Uint8Array(0);
  }

  /** For every node, 1 when it or a frame below it is on a line. */
  nodesAbove(path: string, line: number): Uint8Array {
    const above = new Uint8Array(this.#count);
    for (let at = 1; at < this.#count; at++) {
      const found = this.frame(at)?.line;
      const isOn = found !== undefined && found.line === line && found.file.path === path;
      above[at] = isOn ? 1 : above[this.#parent[at]!]!;
    }
    return above;
  }
}
