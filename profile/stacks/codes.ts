/** The code objects of a run. Its processes share them: most of them run the same code. */
import type { LineCosts } from '../feed/lineCosts';
import type { FunctionEntry } from '../feed/lineEntries';
import type { LineTable } from './lineTable';
import { absolutePath } from '../paths';
import type { CodeRecord, ProcessRecord } from '../../recording/records';

export interface Code {
  /** Counted from 1. */
  id: number;
  function: FunctionEntry;
  table: LineTable;
  /** Not in any source: CPython 3.12 and later put a frame of their own below an `__init__`. */
  isShim: boolean;
}

interface Known {
  record: CodeRecord;
  cwd: string;
  hexversion: number;
  code: Code;
}

/** The most code objects with one line table that are kept: of several versions of Python, or run in several folders. */
const mostAlike = 16;

/** Finds the code object that a recording describes, or makes it. */
export class Codes {
  /** By line table. A decoder returns the same array for equal line tables of several recordings. */
  readonly #known = new Map<Uint8Array, Known[]>();
  #count = 0;

  constructor(private readonly lines: LineCosts) {}

  /** The code object that a record of a process describes. */
  of(record: CodeRecord, { cwd, hexversion }: ProcessRecord): Code {
    const alike = this.#known.get(record.lineTable) ?? [];
    for (const known of alike) {
      const isSame = known.hexversion === hexversion && known.cwd === cwd;
      if (isSame && isSameCode(known.record, record)) return known.code;
    }
    const { filename, name, qualname, firstLine, lineTable } = record;
    const code = {
      id: ++this.#count,
      function: this.lines.functionEntry(absolutePath(cwd, filename), name, qualname, firstLine),
      table: this.lines.tables.decode(hexversion, firstLine, lineTable),
      isShim: lineTable.length <= 2 && filename === name,
    };
    if (alike.length === mostAlike) alike.shift();
    alike.push({ record, cwd, hexversion, code });
    this.#known.set(lineTable, alike);
    return code;
  }
}

function isSameCode(a: CodeRecord, b: CodeRecord): boolean {
  return (
    a.firstLine === b.firstLine &&
    a.filename === b.filename &&
    a.name === b.name &&
    a.qualname === b.qualname
  );
}
