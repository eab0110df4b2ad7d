/**
 * Names for native frames, resolved here so that the profiled program need not: from the library's own
 * symbol table, from a separate debug file, or from the names saved with a recording.
 */
import { basename, dirname, join } from 'node:path';
import type { ModuleRecord } from '../../recording/records';
import { plainText } from '../../recording/plain';
import { demangle } from './demangle';
import { readElf, symbolAt, type ElfInfo } from './elf';

/** Characters; templates make very long names. */
const longestName = 1000;

/** Names already resolved, by library and offset; what a saved recording carries. */
export type SavedSymbols = Record<string, Record<string, string>>;

/** Resolves and remembers names of one run. Owns only caches. */
export class Symbols {
  readonly #files = new Map<string, ElfInfo[]>();
  readonly #resolved = new Map<string, Map<number, string | undefined>>();
  readonly #changed = new Set<string>();
  readonly #saved: SavedSymbols;

  /** `saved`: names from the machine that recorded; they win, because the libraries here may differ. */
  constructor(saved: SavedSymbols = {}) {
    this.#saved = saved;
  }

  /** The function at an ELF virtual address of a module, demangled; undefined when nothing here knows it. */
  readonly resolve = (module: ModuleRecord, offset: number): string | undefined => {
    const key = moduleKey(module);
    let known = this.#resolved.get(key);
    if (!known) this.#resolved.set(key, (known = new Map()));
    if (known.has(offset)) return known.get(offset);
    const name = this.#saved[key]?.[offset] ?? this.#lookUp(module, key, offset);
    known.set(offset, name);
    return name;
  };

  /** Everything resolved so far, to be saved with the recording. */
  save(): SavedSymbols {
    const out: SavedSymbols = {};
    for (const [key, names] of this.#resolved) {
      const entries = [...names].filter(
        (entry): entry is [number, string] => entry[1] !== undefined,
      );
      if (entries.length > 0) out[key] = Object.fromEntries(entries);
    }
    return out;
  }

  /** Libraries that have changed since the program ran, so that their frames have no names. */
  changedModules(): string[] {
    return [...this.#changed];
  }

  #lookUp(module: ModuleRecord, key: string, offset: number): string | undefined {
    let files = this.#files.get(key);
    if (!files) this.#files.set(key, (files = this.#open(module)));
    for (const file of files) {
      const name = symbolAt(file.symbols, offset);
      if (name !== undefined) return plainText(demangle(withoutVersion(name)), longestName);
    }
    return undefined;
  }

  /** The files that may name this module's functions, the most complete first. */
  #open(module: ModuleRecord): ElfInfo[] {
    if (!module.path.startsWith('/')) return [];
    const wanted = Buffer.from(module.buildId).toString('hex');
    const own = readElf(module.path);
    if (own && wanted && own.buildId && own.buildId !== wanted) {
      this.#changed.add(module.path);
      return [];
    }
    if (own?.complete) return [own];
    const debug = debugFiles(module.path, wanted || (own?.buildId ?? ''), own?.debugLink ?? '')
      .map(readElf)
      .find((file) => file?.complete && (!wanted || !file.buildId || file.buildId === wanted));
    return [debug, own].filter((file) => file !== undefined);
  }
}

/** Library and build, as one string: the same file name rebuilt is another module. */
function moduleKey(module: ModuleRecord): string {
  return `${module.path}\n${Buffer.from(module.buildId).toString('hex')}`;
}

/** Where distributions put separate debug files, in gdb's order. */
function debugFiles(path: string, buildId: string, debugLink: string): string[] {
  const folder = dirname(path);
  const byId =
    buildId.length > 2
      ? [`/usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`]
      : [];
  const link = basename(debugLink);
  const byLink = link
    ? [join(folder, link), join(folder, '.debug', link), join('/usr/lib/debug', folder, link)]
    : [];
  return [...byId, ...byLink].filter((candidate) => candidate !== path);
}

function withoutVersion(name: string): string {
  const at = name.indexOf('@');
  return at > 0 ? name.slice(0, at) : name;
}
