/** What the JSON entries of a saved run hold, checked: a file that was sent by somebody may hold anything. */
import { plainText } from '../../../recording/plain';
import type { SavedSymbols } from '../../symbols/symbols';
import { entryNames, type SavedMeta } from './format';

/** One JSON entry: how it is read, and what its loss means. */
export interface Content<T> {
  name: string;
  /** Bytes after decompression, at most. */
  largest: number;
  /** Undefined when the value has another shape. */
  check: (value: unknown) => T | undefined;
  /** Said when the entry is damaged. */
  withoutIt: string;
}

export const metaContent: Content<SavedMeta> = {
  name: entryNames.meta,
  largest: 1 << 20,
  check: metaOf,
  withoutIt: 'its description is missing',
};

export const symbolsContent: Content<SavedSymbols> = {
  name: entryNames.symbols,
  largest: 128 << 20,
  check: symbolsOf,
  withoutIt: 'native functions have no names',
};

function metaOf(value: unknown): SavedMeta | undefined {
  if (!isRecord(value)) return undefined;
  const { writer, savedUnixMs, program } = value;
  if (typeof writer !== 'string' || typeof program !== 'string') return undefined;
  if (typeof savedUnixMs !== 'number') return undefined;
  return { writer: plainText(writer), savedUnixMs, program: plainText(program) };
}

/** Leaves out names that are no text. */
function symbolsOf(value: unknown): SavedSymbols | undefined {
  if (!isRecord(value)) return undefined;
  const modules: [string, Record<string, string>][] = [];
  for (const [module, names] of Object.entries(value)) {
    if (!isRecord(names)) continue;
    const sound = Object.entries(names).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    const plain = sound.map(([offset, name]) => [offset, plainText(name)] as const);
    modules.push([module, Object.fromEntries(plain)]);
  }
  return Object.fromEntries(modules);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
