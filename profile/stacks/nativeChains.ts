/** Native frames. All addresses inside a function are one node, in all processes of a run. */
import { classify, classifyWithoutPython, type Work } from './classify';
import { withRoom } from '../../recording/arrays';
import { plainSymbol } from './interpreterNames';
import { generatedCode, libraryKeys } from './libraries';
import { isForeign, kernelEntry, shownFrames, type LabelledFrame, type Place } from './nativeShown';
import type { CallKind } from './opcodes';
import { baseName } from '../paths';
import { NumberTable } from './numberTable';
import type { ModuleKind, ModuleRecord } from '../../recording/records';

/**
 * Names the function at an ELF virtual address of a module. exact: the address is inside the function; otherwise it
 * is the function's start.
 */
export type Symbolize = (
  module: ModuleRecord,
  offset: number,
  exact: boolean,
) => string | undefined;

/**
 * The symbol nearest to a library's jumps to other libraries (its PLT). Such a frame is left out: the caller's frame
 * tells all there is.
 */
const linkage = '_init';

/** The deepest chain. The agent cuts at 1536 frames; more is damage, and counts for the last node within the limit. */
const deepest = 2048;

/** One native frame with the frames that led to it. What is derived from these frames is kept. */
export class NativeNode implements LabelledFrame {
  /** Frames from the function that the eval loop called to this one. */
  readonly depth: number;
  /** File name of its library; empty for generated code. */
  readonly module: string;
  #work: Map<CallKind, Work> | undefined;
  #workAlone: Work | undefined;
  #key: string | undefined;
  #reported: NativeNode | undefined;
  #shown: Map<Place, readonly NativeNode[]> | undefined;
  #kernelEntry: { name: string | undefined } | undefined;
  #libraries: ReadonlySet<string> | undefined;

  constructor(
    /** Counted from 1. */
    readonly id: number,
    private readonly parent: NativeNode | undefined,
    readonly moduleKind: ModuleKind,
    readonly symbol: string | undefined,
    /** The function's name, or else `libfoo.so+0x1a20`, `(no symbol)` or `(generated code)`. */
    readonly label: string,
    /** Its library; empty for generated code. */
    readonly path: string,
  ) {
    this.depth = (parent?.depth ?? 0) + 1;
    this.module = baseName(path);
  }

  /**
   * From the function that the eval loop called to this one. Made anew each time: kept in every node, chains would grow
   * with the square of their depth.
   */
  get chain(): readonly NativeNode[] {
    const chain = new Array<NativeNode>(this.depth);
    let at: NativeNode | undefined = this as NativeNode;
    for (; at; at = at.parent) chain[at.depth - 1] = at;
    return chain;
  }

  /** Keys of the libraries of all its frames, without CPython and the C library. */
  get libraries(): ReadonlySet<string> {
    return (this.#libraries ??= new Set(
      this.chain.filter(isForeign).flatMap(({ moduleKind, path }) => {
        return moduleKind === 'other' ? libraryKeys(path) : [generatedCode];
      }),
    ));
  }

  /** Whose work a sample with this leaf is, if the innermost Python frame makes a call of this kind. */
  work(kind: CallKind): Work {
    const known = (this.#work ??= new Map<CallKind, Work>());
    let work = known.get(kind);
    if (work === undefined) {
      work = classify(kind, this.chain);
      known.set(kind, work);
    }
    return work;
  }

  /** Whose work a sample with this leaf is, without Python frames. */
  get workAlone(): Work {
    return (this.#workAlone ??= classifyWithoutPython(this.chain));
  }

  /**
   * The function that native time is reported under: the innermost one of another library, since libc and the
   * interpreter only serve it there; without one the innermost of the interpreter.
   */
  get reported(): NativeNode {
    return (this.#reported ??=
      this.#innermost('other', 'anonymous') ?? this.#innermost('interpreter') ?? this);
  }

  /** Equal for nodes that are reported under the same name. */
  get key(): string {
    return (this.#key ??= `${this.label}\n${this.module}`);
  }

  #innermost(...kinds: ModuleKind[]): NativeNode | undefined {
    return this.#innermostWhere(({ moduleKind }) => kinds.includes(moduleKind));
  }

  #innermostWhere(matches: (node: NativeNode) => boolean): NativeNode | undefined {
    let at: NativeNode | undefined = this as NativeNode;
    while (at && !matches(at)) at = at.parent;
    return at;
  }

  /** The frames of the chain that a person should see. */
  shown(place: Place): readonly NativeNode[] {
    const known = (this.#shown ??= new Map<Place, readonly NativeNode[]>());
    let shown = known.get(place);
    if (!shown) {
      shown = shownFrames(this.chain, place);
      known.set(place, shown);
    }
    return shown;
  }

  /** The innermost frame of a library or a program that is neither CPython nor the C library. */
  get foreign(): NativeNode | undefined {
    return this.#innermostWhere(isForeign);
  }

  /** The name of the system call that it is in: `poll`; undefined if unknown. */
  get kernelEntry(): string | undefined {
    return (this.#kernelEntry ??= { name: kernelEntry(this.chain) }).name;
  }
}

/** A module of a run. Each recording has numbers of its own for modules. */
interface Module {
  readonly id: number;
  readonly record: ModuleRecord | undefined;
  /** By offset, and 1 if the offset is an instruction, otherwise 0: the id of the symbol there. */
  readonly symbols: NumberTable;
}

/** A function of a module. */
interface ModuleSymbol {
  readonly id: number;
  /** Empty: it has no name. */
  readonly name: string;
  /** The offset, if nothing else tells it from other functions; otherwise −1. */
  readonly place: number;
}

/** Numbers kept of the last frame above a node. */
const aboveLength = 3;

/** The longest usual build id, bytes: a hash. */
const usualBuildId = 64;

/** The native nodes of a run. Its processes share them: most of them run the same code. */
export class NativeTree {
  readonly #modules = new Map<string, Module>();
  /** Code that is in no module. */
  readonly #nowhere: Module = { id: 0, record: undefined, symbols: new NumberTable() };
  /** By id − 1. */
  readonly #symbols: ModuleSymbol[] = [];
  readonly #symbolByKey = new Map<string, ModuleSymbol>();
  readonly #nodes: (NativeNode | undefined)[] = [undefined];
  /** Ids of nodes, by the ids of their parents and of their symbols. */
  readonly #above = new NumberTable();
  /**
   * The last frame above each node: offset, module and exactness, and the id of its node. The next frame is mostly
   * the same again, and this needs fewer memory accesses than the tables.
   */
  #lastAbove = new Float64Array(aboveLength);

  constructor(private readonly symbolize: Symbolize) {}

  module(record: ModuleRecord): Module {
    const key = moduleKey(record);
    let module = this.#modules.get(key);
    if (!module) {
      module = { id: this.#modules.size + 1, record, symbols: new NumberTable() };
      this.#modules.set(key, module);
    }
    return module;
  }

  /** The node with an id; undefined for 0. */
  get(id: number): NativeNode | undefined {
    return this.#nodes[id];
  }

  /** The id of a frame's node above a parent; that of the parent if the frame is left out. */
  idOf(parent: number, module: Module = this.#nowhere, offset: number, exact: boolean): number {
    const above = this.#lastAbove;
    const at = parent * aboveLength;
    const from = 2 * module.id + (exact ? 1 : 0);
    // Ids begin with 1. Only a frame that is left out and has no parent has id 0: it is looked up each time.
    if (above[at] === offset && above[at + 1] === from && above[at + 2] !== 0) {
      return above[at + 2]!;
    }
    const symbol = module.symbols.get(offset, exact ? 1 : 0) || this.#symbol(module, offset, exact);
    const id = this.#above.get(parent, symbol) || this.#add(parent, module, symbol);
    const now = this.#lastAbove;
    now[at] = offset;
    now[at + 1] = from;
    now[at + 2] = id;
    return id;
  }

  #add(below: number, { record }: Module, symbol: number): number {
    const { name, place } = this.#symbols[symbol - 1]!;
    const parent = this.#nodes[below];
    let id = below;
    if (!parent || (name !== linkage && parent.depth < deepest)) {
      id = this.#nodes.length;
      const node = new NativeNode(
        id,
        parent,
        record?.moduleKind ?? 'anonymous',
        name === '' ? undefined : name,
        name || labelOf(record, place),
        record?.path ?? '',
      );
      this.#nodes.push(node);
      this.#lastAbove = withRoom(this.#lastAbove, this.#nodes.length * aboveLength);
    }
    this.#above.set(below, symbol, id);
    return id;
  }

  /** The id of the symbol at an offset of a module. */
  #symbol(module: Module, offset: number, exact: boolean): number {
    const found = module.record && this.symbolize(module.record, offset, exact);
    const name = found === undefined ? '' : plainSymbol(found);
    const place = name === '' && !exact ? offset : -1;
    const key = `${module.id} ${place} ${name}`;
    let symbol = this.#symbolByKey.get(key);
    if (!symbol) {
      symbol = { id: this.#symbols.length + 1, name, place };
      this.#symbols.push(symbol);
      this.#symbolByKey.set(key, symbol);
    }
    module.symbols.set(offset, exact ? 1 : 0, symbol.id);
    return symbol.id;
  }
}

/** The native nodes of one recording, by their implied ids. */
export class NativeChains {
  readonly #modules: Module[] = [];
  /** By implied id: the tree's id. */
  #ids = new Int32Array(1);
  #count = 1;

  constructor(private readonly tree: NativeTree) {}

  /** How many ids there are, with 0. */
  get count(): number {
    return this.#count;
  }

  addModule(module: ModuleRecord): void {
    this.#modules.push(this.tree.module(module));
  }

  /** Adds a NATIVE. */
  add(parent: number, module: number, offset: number, exact: boolean): void {
    const inModule = module > 0 ? this.#modules[module - 1] : undefined;
    const id = this.tree.idOf(this.idOf(parent), inModule, offset, exact);
    if (this.#count === this.#ids.length) this.#ids = withRoom(this.#ids, this.#count + 1);
    this.#ids[this.#count++] = id;
  }

  /** The tree's id of an implied id; 0 for 0, and for ids that the recording does not contain. */
  idOf(id: number): number {
    return id < this.#count ? this.#ids[id]! : 0;
  }

  /** The node of an implied id; undefined: none. */
  get(id: number): NativeNode | undefined {
    return this.tree.get(this.idOf(id));
  }

  /** Forgets everything, so that another recording can use the columns. */
  clear(): void {
    this.#modules.length = 0;
    this.#count = 1;
  }
}

function moduleKey({ moduleKind, buildId, path }: ModuleRecord): string {
  const build =
    buildId.length <= usualBuildId ? String.fromCharCode(...buildId) : buildId.join(' ');
  return `${moduleKind} ${build} ${path}`;
}

function labelOf(module: ModuleRecord | undefined, place: number): string {
  if (module === undefined || module.moduleKind === 'anonymous') {
    return '(generated code)';
  }
  return place < 0 ? '(no symbol)' : `${baseName(module.path)}+0x${place.toString(16)}`;
}
