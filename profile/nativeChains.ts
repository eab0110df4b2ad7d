/** Native frames of one process, folded so that addresses inside one function are one node. */
import { firstShown, plainSymbol, type NativeFrame } from './classify';
import { baseName } from './paths';
import type { ModuleRecord, NativeRecord } from './records';

/** Names the function at an ELF virtual address of a module; exact: the address is inside it, otherwise its start. */
export type Symbolize = (
  module: ModuleRecord,
  offset: number,
  exact: boolean,
) => string | undefined;

/** One native frame with the frames that led to it. */
export interface NativeNode extends NativeFrame {
  id: number;
  /** From the function that the eval loop called to this one. */
  chain: readonly NativeNode[];
  /** Its name, or the best that can be said: `libfoo.so+0x1a20`, `(no symbol)`, `(generated code)`. */
  label: string;
  /** File name of its library; empty for generated code. */
  module: string;
}

/** The native nodes of one recording, by their implied ids. */
export class NativeChains {
  readonly #modules: ModuleRecord[] = [];
  readonly #byRecord: (NativeNode | undefined)[] = [undefined];
  readonly #known = new Map<string, NativeNode>();

  constructor(private readonly symbolize: Symbolize) {}

  addModule(module: ModuleRecord): void {
    this.#modules.push(module);
  }

  addNative(record: NativeRecord): void {
    const module = this.#modules[record.module - 1];
    const parent = this.#byRecord[record.parent];
    const symbol = module && this.symbolize(module, record.offset, record.exact);
    const name = symbol === undefined ? '' : plainSymbol(symbol);
    const place = name === '' && !record.exact ? record.offset : -1;
    const key = `${parent?.id ?? 0} ${record.module} ${place} ${name}`;
    let node = this.#known.get(key);
    if (!node) {
      const chain: NativeNode[] = [...(parent?.chain ?? [])];
      node = {
        id: this.#known.size + 1,
        chain,
        moduleKind: module?.moduleKind ?? 'anonymous',
        symbol: name === '' ? undefined : name,
        label: name || labelOf(module, place),
        module: module === undefined ? '' : baseName(module.path),
      };
      chain.push(node);
      this.#known.set(key, node);
    }
    this.#byRecord.push(node);
  }

  /** The leaf of a chain by its implied id; undefined for 0 and for ids that the recording does not contain. */
  get(id: number): NativeNode | undefined {
    return this.#byRecord[id];
  }
}

/** The function that native time is reported under: the innermost one outside libc, which only serves it. */
export function reportedFrame(leaf: NativeNode): NativeNode {
  for (let index = leaf.chain.length - 1; index >= 0; index--) {
    const kind = leaf.chain[index]!.moduleKind;
    if (kind !== 'libc' && kind !== 'agent') {
      return leaf.chain[index]!;
    }
  }
  return leaf;
}

/** The frames of a chain that a person should see: from the called function on, direct recursion folded. */
export function shownFrames(leaf: NativeNode): NativeNode[] {
  return leaf.chain
    .slice(firstShown(leaf.chain))
    .filter(
      (frame, index, frames) =>
        frame.moduleKind !== 'agent' &&
        (index === 0 ||
          frame.label !== frames[index - 1]!.label ||
          frame.module !== frames[index - 1]!.module),
    );
}

function labelOf(module: ModuleRecord | undefined, place: number): string {
  if (module === undefined || module.moduleKind === 'anonymous') {
    return '(generated code)';
  }
  return place < 0 ? '(no symbol)' : `${baseName(module.path)}+0x${place.toString(16)}`;
}
