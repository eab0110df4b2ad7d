/** CPU time that belongs to no line, by reason. */
import type { NativeNode } from '../stacks/nativeChains';
import type { OffLineCost } from '../types';

/** The CPU time that one process spent outside Python code. */
export class OffLine {
  #interpreter = 0;
  #unseen = 0;
  readonly #libraries = new Map<string, number>();

  /** Adds the CPU time, ns, of a sample without a Python frame. */
  add(ns: number, leaf: NativeNode | undefined): void {
    const foreign = leaf?.foreign;
    if (!leaf) {
      this.#unseen += ns;
    } else if (!foreign || isOfInterpreter(leaf)) {
      this.#interpreter += ns;
    } else {
      this.#libraries.set(foreign.module, (this.#libraries.get(foreign.module) ?? 0) + ns);
    }
  }

  /** The sums so far. */
  cost(): OffLineCost {
    const libraries = byCost(this.#libraries);
    return { interpreter: this.#interpreter, unseen: this.#unseen, libraries };
  }
}

/**
 * Whether Python starts or ends. Work of libraries at that time, such as freeing their memory, counts as the
 * interpreter's.
 */
function isOfInterpreter(leaf: NativeNode): boolean {
  return leaf.chain.some(
    ({ moduleKind, symbol }) =>
      moduleKind === 'interpreter' || (moduleKind === 'libc' && symbol === '__run_exit_handlers'),
  );
}

/** Most expensive first. */
function byCost(libraries: ReadonlyMap<string, number>): OffLineCost['libraries'] {
  return [...libraries].map(([module, ns]) => ({ module, ns })).sort((a, b) => b.ns - a.ns);
}

/** The sum of several processes. */
export function addOffLine(costs: readonly OffLineCost[]): OffLineCost {
  let interpreter = 0;
  let unseen = 0;
  const libraries = new Map<string, number>();
  for (const cost of costs) {
    interpreter += cost.interpreter;
    unseen += cost.unseen;
    for (const { module, ns } of cost.libraries) {
      libraries.set(module, (libraries.get(module) ?? 0) + ns);
    }
  }
  return { interpreter, unseen, libraries: byCost(libraries) };
}
