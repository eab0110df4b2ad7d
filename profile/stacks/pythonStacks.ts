/** The Python stacks of one recording: a tree of frames. Their code may become known after the frames. */
import type { Code } from './codes';
import { withRoom } from '../../recording/arrays';
import type { CodeRecord, ProcessRecord } from '../../recording/records';
import { StackTree } from './stackTree';

/** Ids of nodes are the recording's implied ids. */
export class PythonStacks extends StackTree {
  #code = new Float64Array(1);
  #between = new Int32Array(1);
  /** 1: the code of this node and of all below it is known. */
  #complete = Uint8Array.of(1);
  /** How many functions have lines that no file can have. */
  damagedTables = 0;
  readonly #codes = new Map<number, Code>();

  addCode(record: CodeRecord, process: ProcessRecord): void {
    const code = this.lines.codes.of(record, process);
    this.damagedTables += code.table.isDamaged ? 1 : 0;
    this.#codes.set(record.code, code);
  }

  /** Adds a STACK. */
  add(parent: number, code: number, instruction: number, between: number): void {
    // A parent must come first; anything else is damage, and would make a loop.
    const id = this.addNode(parent < this.count ? parent : 0, instruction);
    this.#code[id] = code;
    this.#between[id] = between;
    this.#complete[id] = 0;
  }

  /** Forgets everything, so that another recording can use the columns. */
  clear(): void {
    this.clearNodes();
    this.#codes.clear();
    this.damagedTables = 0;
  }

  protected override growColumns(room: number): void {
    this.#code = withRoom(this.#code, room);
    this.#between = withRoom(this.#between, room);
    this.#complete = withRoom(this.#complete, room);
  }

  /** Whether the recording has this node. */
  has(stack: number): boolean {
    return stack < this.count;
  }

  override codeOf(stack: number): Code | undefined {
    return this.#codes.get(this.#code[stack]!);
  }

  /** Leaf of the native frames between a node and the one below, by its implied id; 0: none. */
  betweenOf(stack: number): number {
    return this.#between[stack]!;
  }

  /** Whether the code of all frames of a stack is known. */
  isComplete(stack: number): boolean {
    let known = stack;
    while (this.#complete[known] === 0) {
      if (!this.codeOf(known)) {
        return false;
      }
      known = this.callerOf(known);
    }
    for (let at = stack; at !== known; at = this.callerOf(at)) {
      this.#complete[at] = 1;
    }
    return true;
  }
}
