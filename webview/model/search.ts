/** What the search box understands: words, `/regular expressions/`, `file:` and `module:`; all terms must match. */
import type { FlameStore } from './store';

type Field = 'name' | 'file' | 'module';
interface Term {
  field: Field;
  test: (text: string) => boolean;
}

/** A parsed query, or a sentence about its error. A query without terms matches nothing. */
export type FlameQuery = { ok: true; terms: Term[] } | { ok: false; message: string };

/** Parse a query. Text matches anywhere, ignoring case; a regular expression is between slashes and may hold spaces. */
export function parseQuery(text: string): FlameQuery {
  const terms: Term[] = [];
  const pattern = /(?:(file|module):)?(?:\/((?:\\.|[^/\\])+)\/([a-z]*)|(\S+))/giu;
  for (const [, prefix, regex, flags, word] of text.matchAll(pattern)) {
    const field = (prefix?.toLowerCase() ?? 'name') as Field;
    if (regex === undefined) {
      const wanted = word!.toLowerCase();
      // A prefix whose value is still being typed limits nothing.
      if (/^(file|module):$/u.test(wanted)) continue;
      terms.push({ field, test: (value) => value.toLowerCase().includes(wanted) });
      continue;
    }
    try {
      const expression = new RegExp(regex, flags?.replace(/[gy]/gu, '') || 'i');
      terms.push({ field, test: (value) => expression.test(value) });
    } catch {
      return { ok: false, message: `/${regex}/ is not a regular expression.` };
    }
  }
  return { ok: true, terms };
}

/** One byte per function: 1 where every term matches. Each distinct string is tested once per term. */
export function matchFunctions(store: FlameStore, terms: readonly Term[]): Uint8Array {
  const matches = new Uint8Array(store.functionCount).fill(terms.length > 0 ? 1 : 0);
  for (const term of terms) {
    const tested = new Int8Array(store.strings.length).fill(-1);
    const column = {
      name: store.functionName,
      file: store.functionFile,
      module: store.functionModule,
    }[term.field];
    for (let fn = 0; fn < matches.length; fn++) {
      if (!matches[fn]) continue;
      const id = column[fn]!;
      if (tested[id] === -1) tested[id] = term.test(store.strings[id]!) ? 1 : 0;
      matches[fn] = tested[id]!;
    }
  }
  return matches;
}

/** One byte per frame: 1 where its function matches. */
export function matchFrames(store: FlameStore, functions: Uint8Array): Uint8Array {
  const frames = new Uint8Array(store.frameCount);
  for (let frame = 0; frame < frames.length; frame++) {
    frames[frame] = functions[store.frameFunction[frame]!] ?? 0;
  }
  return frames;
}

/** One byte per frame: 1 where the frame executes this line of this file. */
export function framesOnLine(store: FlameStore, path: string, line: number): Uint8Array {
  const frames = new Uint8Array(store.frameCount);
  const file = store.strings.indexOf(path);
  if (file < 0) return frames;
  for (let frame = 0; frame < frames.length; frame++) {
    const fn = store.frameFunction[frame]!;
    frames[frame] = store.frameLine[frame] === line && store.functionFile[fn] === file ? 1 : 0;
  }
  return frames;
}
