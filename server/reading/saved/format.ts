/**
 * A saved run: `NAME.lineheat`, everything of one run in one file, to be opened on any machine.
 *
 *     LINEHEAT-RUN 1\n                              magic and major version; a reader refuses a higher one
 *     { entry }\n  bytes…  { entry }\n  bytes… …     one JSON line per entry, then its bytes
 *     {"name":"end","bytes":0}\n                     without it the file is cut short
 *
 * An entry is {"name": string, "bytes": length of the gzip'd bytes that follow}. Names:
 *   meta.json      SavedMeta: which Lineheat wrote the file, when, and what the run was called
 *   symbols.json   names of native functions by module and offset (SavedSymbols), so that no library is needed
 *   N.lsp          the next piece (≤ 4 MiB before compression) of one process's recording, as STREAM.md
 * What looks like a secret among a program's arguments is masked (secrets.ts), because such files are sent to others.
 * A reader skips unknown names. Each piece is compressed on its own: damage costs one recording its rest and the
 * others nothing, and a file of any size is read with little memory.
 */

export const magic = 'LINEHEAT-RUN ';
/** What files began with when Lineheat was called Linescope; they are read as well. */
export const formerMagic = 'LINESCOPE-RUN ';
export const version = 1;

/** Names of entries that are no piece of a recording. */
export const entryNames = { meta: 'meta.json', symbols: 'symbols.json', end: 'end' } as const;
/** Bytes of a piece before compression, at most. */
export const pieceSize = 4 << 20;

export interface SavedMeta {
  writer: string;
  savedUnixMs: number;
  program: string;
}
