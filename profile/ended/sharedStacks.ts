/** The Python stacks of processes that have ended: stacks that several of them have in common are kept once. */
import type { Code } from '../stacks/codes';
import { withRoom } from '../../recording/arrays';
import type { NativeChains, NativeNode, NativeTree } from '../stacks/nativeChains';
import type { PythonStacks } from '../stacks/pythonStacks';
import type { LineCosts } from '../feed/lineCosts';
import { StackTree } from '../stacks/stackTree';

export class SharedStacks extends StackTree {
  readonly #code: (Code | undefined)[] = [undefined];
  /** Ids of native nodes. */
  #between = new Int32Array(1);
  #lastAbove = new Int32Array(1);
  /** 1: the code of this node and of all below it is known. */
  #complete = Uint8Array.of(1);
  /** Open addressing: nodes, 0 is free. Its length is a power of two, at least twice the count. */
  #table = new Int32Array(1024);

  constructor(
    lines: LineCosts,
    private readonly natives: NativeTree,
  ) {
    super(lines);
  }

  /** Takes over the stacks of a process that has ended. Returns the id here of each of its nodes. */
  adopt(stacks: PythonStacks, natives: NativeChains): Int32Array {
    const now = new Int32Array(stacks.count);
    for (let node = 1; node < stacks.count; node++) {
      const between = natives.idOf(stacks.betweenOf(node));
      const parent = now[stacks.callerOf(node)]!;
      now[node] = this.#find(parent, stacks.codeOf(node), stacks.instructionOf(node), between);
    }
    return now;
  }

  override codeOf(stack: number): Code | undefined {
    return this.#code[stack];
  }

  /** Leaf of the native frames between a node and the one below. */
  between(stack: number): NativeNode | undefined {
    return this.natives.get(this.#between[stack]!);
  }

  /** Whether the code of all frames of a stack is known. Unknown code stays unknown. */
  isComplete(stack: number): boolean {
    return this.#complete[stack] === 1;
  }

  /** Tries the node last found above the parent first: mostly it is the same again. */
  #find(parent: number, code: Code | undefined, instruction: number, between: number): number {
    const last = this.#lastAbove[parent]!;
    if (last !== 0 && this.#is(last, parent, code, instruction, between)) return last;
    const node = this.#lookUp(parent, code, instruction, between);
    this.#lastAbove[parent] = node;
    return node;
  }

  #is(
    node: number,
    parent: number,
    code: Code | undefined,
    instruction: number,
    between: number,
  ): boolean {
    return (
      this.callerOf(node) === parent &&
      this.#code[node] === code &&
      this.instructionOf(node) === instruction &&
      this.#between[node] === between
    );
  }

  #lookUp(parent: number, code: Code | undefined, instruction: number, between: number): number {
    const mask = this.#table.length - 1;
    let at = hash(parent, code?.id ?? 0, instruction, between) & mask;
    for (let node = this.#table[at]!; node !== 0; node = this.#table[at]!) {
      if (this.#is(node, parent, code, instruction, between)) return node;
      at = (at + 1) & mask;
    }
    const node = this.addNode(parent, instruction);
    this.#code.push(code);
    this.#between[node] = between;
    this.#complete[node] = code && this.#complete[parent] === 1 ? 1 : 0;
    this.#table[at] = node;
    if (this.count * 2 > this.#table.length) {
      this.#growTable();
    }
    return node;
  }

  protected override growColumns(room: number): void {
    this.#complete = withRoom(this.#complete, room);
    this.#between = withRoom(this.#between, room);
    this.#lastAbove = withRoom(this.#lastAbove, room);
  }

  #growTable(): void {
    const mask = this.#table.length * 2 - 1;
    this.#table = new Int32Array(mask + 1);
    for (let node = 1; node < this.count; node++) {
      const code = this.#code[node]?.id ?? 0;
      const between = this.#between[node]!;
      let at = hash(this.callerOf(node), code, this.instructionOf(node), between) & mask;
      while (this.#table[at] !== 0) {
        at = (at + 1) & mask;
      }
      this.#table[at] = node;
    }
  }
}

function hash(parent: number, code: number, instruction: number, between: number): number {
  let mixed = Math.imul(parent, 0x9e3779b1) ^ Math.imul(code, 0x85ebca6b);
  mixed ^= Math.imul(instruction, 0xc2b2ae35) ^ Math.imul(between, 0x27d4eb2f);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
