/**
 * The flame chart's tables, growing as chunks arrive, with what every view derives from them: depth and
 * ancestor shortcuts per stack, and the call tree of functions (the same stacks with lines folded together).
 */
import { cutBusy, extendBusy } from './activity';
import { withRoom } from '../../recording/arrays';
import { damagedChart } from '../../recording/damage';
import { cutLevels, extendLevels } from './dominant';
import { cutStretches, extendStretches } from './sums';
import { appendSamples, createTrack, dropSamples, type Track } from './track';
import { frameKinds, type FlameTables, type FrameKind } from '../../profile/flame/tables';

const python = frameKinds.indexOf('python');
let revisions = 0;

/** Columns are longer than their counts; rows from the count on are meaningless. */
export class FlameStore {
  readonly strings: string[] = [];

  functionCount = 0;
  functionName = new Uint32Array(0);
  functionFile = new Uint32Array(0);
  functionLine = new Uint32Array(0);
  functionModule = new Uint32Array(0);

  frameCount = 0;
  frameFunction = new Uint32Array(0);
  frameLine = new Uint32Array(0);
  frameColumn = new Uint32Array(0);
  frameKind = new Uint8Array(0);

  stackCount = 0;
  stackFrame = new Uint32Array(0);
  /** −1 = outermost. */
  stackParent = new Int32Array(0);
  /** 0 = outermost. */
  stackDepth = new Int32Array(0);
  /** Node of the call tree. */
  stackNode = new Int32Array(0);
  /** The innermost Python frame at or below this one, as a stack; −1 = none. */
  stackPython = new Int32Array(0);
  /** An ancestor further up, so that any ancestor is O(log depth) away; a root's is itself. */
  #stackJump = new Int32Array(0);

  nodeCount = 0;
  nodeFunction = new Uint32Array(0);
  nodeKind = new Uint8Array(0);
  /** −1 = outermost. */
  nodeParent = new Int32Array(0);
  nodeDepth = new Int32Array(0);
  #nodeTable = new Int32Array(0);

  /** In order of appearance. */
  readonly tracks: Track[] = [];
  readonly #trackById = new Map<number, Track>();
  /** ns, end of the last sample of any thread. */
  endNs = 0;
  sampleCount = 0;
  /** Another one after each chunk, and in each store. */
  revision = ++revisions;

  /** Append one chunk. Its ids count from the start of the run; one that is not defined yet throws. */
  append(chunk: FlameTables): void {
    this.revision = ++revisions;
    for (const text of chunk.strings) this.strings.push(text);
    this.#appendFunctions(chunk.functions);
    this.#appendFrames(chunk.frames);
    this.#appendStacks(chunk.stacks);
    for (const thread of chunk.threads) {
      let track = this.#trackById.get(thread.id);
      if (!track) {
        this.tracks.push((track = createTrack(thread)));
        this.#trackById.set(thread.id, track);
      }
      if (thread.name) track.name = thread.name;
      track.process = thread.process;
      track.coarseNs = Math.max(track.coarseNs, thread.coarseNs);
      if (thread.anewNs < Infinity) {
        this.sampleCount -= dropSamples(this, track, thread.anewNs);
        cutLevels(track);
        cutBusy(track);
        cutStretches(track);
      }
      appendSamples(this, track, thread);
      extendLevels(this, track);
      extendBusy(this, track);
      extendStretches(this, track);
      this.sampleCount += thread.time.length;
      this.endNs = Math.max(this.endNs, track.endNs);
    }
  }

  /** The ancestor of a stack at a depth no greater than its own. */
  ancestor(stack: number, depth: number): number {
    let at = stack;
    while (this.stackDepth[at]! > depth) {
      const jump = this.#stackJump[at]!;
      at = this.stackDepth[jump]! >= depth ? jump : this.stackParent[at]!;
    }
    return at;
  }

  kindOf(stack: number): FrameKind {
    return frameKinds[this.frameKind[this.stackFrame[stack]!]!]!;
  }

  /** Name, file and module of a function as text. */
  describeFunction(id: number): { name: string; file: string; line: number; module: string } {
    return {
      name: this.strings[this.functionName[id]!] ?? '',
      file: this.strings[this.functionFile[id]!] ?? '',
      line: this.functionLine[id]!,
      module: this.strings[this.functionModule[id]!] ?? '',
    };
  }

  #appendFunctions(rows: FlameTables['functions']): void {
    const start = this.functionCount;
    const end = start + rows.name.length;
    for (const column of [rows.name, rows.file, rows.module]) {
      check(column, this.strings.length, 'string');
    }
    (this.functionName = withRoom(this.functionName, end)).set(rows.name, start);
    (this.functionFile = withRoom(this.functionFile, end)).set(rows.file, start);
    (this.functionLine = withRoom(this.functionLine, end)).set(rows.line, start);
    (this.functionModule = withRoom(this.functionModule, end)).set(rows.module, start);
    this.functionCount = end;
  }

  #appendFrames(rows: FlameTables['frames']): void {
    const start = this.frameCount;
    const end = start + rows.function.length;
    check(rows.function, this.functionCount, 'function');
    check(rows.kind, frameKinds.length, 'kind');
    (this.frameFunction = withRoom(this.frameFunction, end)).set(rows.function, start);
    (this.frameLine = withRoom(this.frameLine, end)).set(rows.line, start);
    (this.frameColumn = withRoom(this.frameColumn, end)).set(rows.column, start);
    (this.frameKind = withRoom(this.frameKind, end)).set(rows.kind, start);
    this.frameCount = end;
  }

  #appendStacks(rows: FlameTables['stacks']): void {
    const start = this.stackCount;
    const end = start + rows.frame.length;
    check(rows.frame, this.frameCount, 'frame');
    (this.stackFrame = withRoom(this.stackFrame, end)).set(rows.frame, start);
    const parents = (this.stackParent = withRoom(this.stackParent, end));
    parents.set(rows.parent, start);
    const depths = (this.stackDepth = withRoom(this.stackDepth, end));
    const jumps = (this.#stackJump = withRoom(this.#stackJump, end));
    this.stackNode = withRoom(this.stackNode, end);
    this.stackPython = withRoom(this.stackPython, end);
    for (let stack = start; stack < end; stack++) {
      const parent = parents[stack]!;
      if (parent >= stack || parent < -1) throw damagedChart(`stack ${parent}`);
      const root = parent < 0;
      depths[stack] = root ? 0 : depths[parent]! + 1;
      if (root) jumps[stack] = stack;
      else {
        // Skew-binary jump pointers: one extra word per stack instead of a table per level.
        const jump = jumps[parent]!;
        const even = depths[parent]! - depths[jump]! === depths[jump]! - depths[jumps[jump]!]!;
        jumps[stack] = even ? jumps[jump]! : parent;
      }
      const frame = this.stackFrame[stack]!;
      const kind = this.frameKind[frame]!;
      this.stackNode[stack] = this.#node(
        root ? -1 : this.stackNode[parent]!,
        this.frameFunction[frame]!,
        kind,
      );
      this.stackPython[stack] = kind === python ? stack : root ? -1 : this.stackPython[parent]!;
    }
    this.stackCount = end;
  }

  /** Find or add the call tree's node for a function called from a node. */
  #node(parent: number, fn: number, kind: number): number {
    if (this.nodeCount * 2 >= this.#nodeTable.length) this.#rehashNodes();
    let slot = this.#slotOf(parent, fn, kind);
    for (;;) {
      const node = this.#nodeTable[slot]! - 1;
      if (node < 0) break;
      if (
        this.nodeParent[node] === parent &&
        this.nodeFunction[node] === fn &&
        this.nodeKind[node] === kind
      ) {
        return node;
      }
      slot = (slot + 1) & (this.#nodeTable.length - 1);
    }
    const node = this.nodeCount++;
    (this.nodeParent = withRoom(this.nodeParent, node + 1))[node] = parent;
    (this.nodeFunction = withRoom(this.nodeFunction, node + 1))[node] = fn;
    (this.nodeKind = withRoom(this.nodeKind, node + 1))[node] = kind;
    this.nodeDepth = withRoom(this.nodeDepth, node + 1);
    this.nodeDepth[node] = parent < 0 ? 0 : this.nodeDepth[parent]! + 1;
    this.#nodeTable[slot] = node + 1;
    return node;
  }

  #slotOf(parent: number, fn: number, kind: number): number {
    let hash = Math.imul(parent + 1, 0x9e3779b1) ^ Math.imul(fn + 1, 0x85ebca6b) ^ kind;
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return (hash ^ (hash >>> 13)) & (this.#nodeTable.length - 1);
  }

  #rehashNodes(): void {
    this.#nodeTable = new Int32Array(Math.max(64, this.#nodeTable.length * 2));
    for (let node = 0; node < this.nodeCount; node++) {
      let slot = this.#slotOf(
        this.nodeParent[node]!,
        this.nodeFunction[node]!,
        this.nodeKind[node]!,
      );
      while (this.#nodeTable[slot]) slot = (slot + 1) & (this.#nodeTable.length - 1);
      this.#nodeTable[slot] = node + 1;
    }
  }
}

function check(column: Uint32Array | Uint8Array, limit: number, what: string): void {
  for (const id of column) if (id >= limit) throw damagedChart(`${what} ${id}`);
}
