/** Native frames, folded so that addresses inside one function are one node, whatever process of the run they are of. */
import { classify, type Work } from './classify';
import { plainSymbol } from './interpreterNames';
import { generatedCode, libraryKeys } from './libraries';
import { isForeign, kernelEntry, shownFrames, type LabelledFrame, type Place } from './nativeShown';
import type { CallKind } from './opcodes';
import { baseName } from './paths';
import type { ModuleKind, ModuleRecord, NativeRecord } from './records';

/** Names the function at an ELF virtual address of a module; exact: the address is inside it, otherwise its start. */
export type Symbolize = (
  module: ModuleRecord,
  offset: number,
  exact: boolean,
) => string | undefined;

/** The symbol nearest to a library's jumps to other libraries (its PLT): the caller's frame says all there is to say. */
const linkage = '_init';

/** Frames of a chain. The agent cuts at 1536; more is damage, and is folded into the last frame that counts. */
const deepest = 2048;

/** One native frame with the frames that led to it. What is derived from its chain is derived once. */
export class NativeNode implements LabelledFrame {
  /** Frames from the function that the eval loop called to this one. */
  readonly depth: number;
  /** File name of its library; empty for generated code. */
  readonly module: string;
  #work: Map<CallKind, Work> | undefined;
  #key: string | undefined;
  #reported: NativeNode | undefined;
  #shown: Map<Place, readonly NativeNode[]> | undefined;
  #kernelEntry: { name: string | undefined } | undefined;
  #libraries: ReadonlySet<string> | undefined;

  constructor(
    /** From 1 on. */
    readonly id: number,
    private readonly parent: NativeNode | undefined,
    readonly moduleKind: ModuleKind,
    readonly symbol: string | undefined,
    /** Its name, or the best that can be said: `libfoo.so+0x1a20`, `(no symbol)`, `(generated code)`. */
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

  /** Keys of the libraries that the chain goes through, CPython's and the C library's left out. */
  get libraries(): ReadonlySet<string> {
    return (this.#libraries ??= new Set(
      this.chain.filter(isForeign).flatMap(({ moduleKind, path }) => {
        return moduleKind === 'other' ? libraryKeys(path) : [generatedCode];
      }),
    ));
  }

  /** Whose work a sample with this leaf is, above a Python frame that makes a call of this kind. */
  work(kind: CallKind): Work {
    const known = (this.#work ??= new Map<CallKind, Work>());
    let work = known.get(kind);
    if (work === undefined) {
      work = classify(kind, this.chain);
      known.set(kind, work);
    }
    return work;
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

  /** What it does in the kernel, when that is known: `poll`. */
  get kernelEntry(): string | undefined {
    return (this.#kernelEntry ??= { name: kernelEntry(this.chain) }).name;
  }
}

/** A module as recordings of one run name it, each by a number of its own. */
interface Module {
  readonly id: number;
  readonly record: ModuleRecord | undefined;
  /** What is at its offsets: at those of functions, and at exact ones. */
  readonly byOffset: readonly [Map<number, ModuleSymbol>, Map<number, ModuleSymbol>];
}

/** What a native frame says by itself. */
interface ModuleSymbol {
  readonly id: number;
  /** Empty for none. */
  readonly name: string;
  /** Its offset where that is all there is to tell it by, otherwise −1. */
  readonly place: number;
}

/** Bytes: a hash. */
const usualBuildId = 64;
/** More than there is memory for. */
const mostSymbols = 2 ** 26;

/** The native nodes of a run. Its processes share them: most of them run the same code. */
export class NativeTree {
  readonly #modules = new Map<string, Module>();
  /** Code that is in no module. */
  readonly #nowhere: Module = { id: 0, record: undefined, byOffset: [new Map(), new Map()] };
  readonly #symbols = new Map<string, ModuleSymbol>();
  /** By parent and symbol. */
  readonly #nodes = new Map<number, NativeNode>();

  constructor(private readonly symbolize: Symbolize) {}

  module(record: ModuleRecord): Module {
    const key = moduleKey(record);
    let module = this.#modules.get(key);
    if (!module) {
      module = { id: this.#modules.size + 1, record, byOffset: [new Map(), new Map()] };
      this.#modules.set(key, module);
    }
    return module;
  }

  /** The node of a frame above another one; the one below where it says nothing of its own. */
  node(
    parent: NativeNode | undefined,
    module: Module = this.#nowhere,
    record: NativeRecord,
  ): NativeNode {
    const symbol = this.#symbol(module, record);
    const { id, name, place } = symbol;
    if (parent && (name === linkage || parent.depth >= deepest)) return parent;
    const key = (parent?.id ?? 0) * mostSymbols + id;
    let node = this.#nodes.get(key);
    if (!node) {
      node = new NativeNode(
        this.#nodes.size + 1,
        parent,
        module.record?.moduleKind ?? 'anonymous',
        name === '' ? undefined : name,
        name || labelOf(module.record, place),
        module.record?.path ?? '',
      );
      this.#nodes.set(key, node);
    }
    return node;
  }

  #symbol(module: Module, { offset, exact }: NativeRecord): ModuleSymbol {
    const known = module.byOffset[exact ? 1 : 0];
    let symbol = known.get(offset);
    if (!symbol) {
      const found = module.record && this.symbolize(module.record, offset, exact);
      const name = found === undefined ? '' : plainSymbol(found);
      const place = name === '' && !exact ? offset : -1;
      const key = `${module.id} ${place} ${name}`;
      symbol = this.#symbols.get(key) ?? { id: this.#symbols.size + 1, name, place };
      this.#symbols.set(key, symbol);
      known.set(offset, symbol);
    }
    return symbol;
  }
}

/** The native nodes of one recording, by their implied ids. */
export class NativeChains {
  #modules: Module[] = [];
  #byRecord: (NativeNode | undefined)[] = [undefined];

  constructor(private readonly tree: NativeTree) {}

  addModule(module: ModuleRecord): void {
    this.#modules.push(this.tree.module(module));
  }

  addNative(record: NativeRecord): void {
    const parent = this.#byRecord[record.parent];
    this.#byRecord.push(this.tree.node(parent, this.#modules[record.module - 1], record));
  }

  /** The leaf of a chain by its implied id; undefined for 0 and for ids that the recording does not contain. */
  get(id: number): NativeNode | undefined {
    return this.#byRecord[id];
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
