/**
 * Python stacks as a tree of frames, each with an id; 0 is no frame. CPython's own frames (shims), which are in no
 * source, are invisible.
 */
import type { Code } from './codes';
import { withRoom } from '../../recording/arrays';
import { lookUpNearest, type SourcePosition } from './lineTable';
import type { LineCosts } from '../feed/lineCosts';
import type { ResolvedFrame } from '../feed/lineEntries';

const written = 1;
const shim = 2;

/** The frames and how they are nested; a derived class knows their code. */
export abstract class StackTree {
  #parent = new Int32Array(1);
  #instruction = new Int32Array(1);
  /** written or shim; 0: unknown so far. */
  #origin = Uint8Array.of(written);
  #count = 1;
  readonly #frames: (ResolvedFrame | undefined)[] = [undefined];

  constructor(protected readonly lines: LineCosts) {}

  /** The code of a node; undefined while unknown. */
  protected abstract codeOf(stack: number): Code | undefined;

  protected addNode(parent: number, instruction: number): number {
    const id = this.#count++;
    if (this.#count > this.#parent.length) {
      this.#grow(this.#count);
      this.growColumns(this.#parent.length);
    }
    this.#parent[id] = parent;
    this.#instruction[id] = instruction;
    this.#origin[id] = 0;
    this.#frames[id] = undefined;
    return id;
  }

  /** Forgets all nodes. */
  protected clearNodes(): void {
    this.#frames.fill(undefined);
    this.#count = 1;
  }

  #grow(needed: number): void {
    this.#parent = withRoom(this.#parent, needed);
    this.#instruction = withRoom(this.#instruction, this.#parent.length);
    this.#origin = withRoom(this.#origin, this.#parent.length);
  }

  /** Makes room for `room` nodes in the columns of the derived class. */
  protected abstract growColumns(room: number): void;

  /** How many ids there are, with 0. */
  get count(): number {
    return this.#count;
  }

  /** The node below, visible or not; 0: none. */
  callerOf(stack: number): number {
    return this.#parent[stack]!;
  }

  /** The offset of a node's instruction in its code, bytes; −1: it has not started. */
  instructionOf(stack: number): number {
    return this.#instruction[stack]!;
  }

  /** The visible node below; 0: none. */
  parentOf(stack: number): number {
    return this.visible(this.#parent[stack]!);
  }

  /** The node itself, or the nearest visible one below it; 0: none. */
  visible(stack: number): number {
    let at = stack;
    while (this.#origin[at] !== written && this.frame(at) && this.#origin[at] === shim) {
      at = this.#parent[at]!;
    }
    return at;
  }

  /** The frame of a node; undefined while its code is unknown. */
  frame(stack: number): ResolvedFrame | undefined {
    let frame = this.#frames[stack];
    if (!frame) {
      const code = this.codeOf(stack);
      if (code) {
        const { line } = lookUpNearest(code.table, this.#instruction[stack]!);
        frame = this.lines.frame(code.function, line);
        this.#frames[stack] = frame;
        this.#origin[stack] = code.isShim ? shim : written;
      }
    }
    return frame;
  }

  /** The known lines of a stack, outermost first. */
  linesOf(stack: number): object[] {
    const lines: object[] = [];
    for (let at = this.visible(stack); at !== 0; at = this.parentOf(at)) {
      const line = this.frame(at)?.line;
      if (line) lines.push(line);
    }
    return lines.reverse();
  }

  /** The source range of a node; undefined while its code is unknown. */
  position(stack: number): SourcePosition | undefined {
    const code = this.codeOf(stack);
    return code && lookUpNearest(code.table, this.#instruction[stack]!);
  }

  /** By node: 1 if it or a frame below it is on the line. */
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
