/**
 * Line tables: the source range of each instruction. CPython has had three formats since 3.9. A table is decoded once
 * into sorted columns, so that a look-up is a binary search.
 */

/**
 * Where in the source an instruction is. Lines and columns are 1-based, 0 means unknown; columns count UTF-8 bytes,
 * and endColumn is one past the last.
 */
export interface SourcePosition {
  line: number;
  endLine: number;
  column: number;
  endColumn: number;
}

/** A decoded table: entry i covers the instructions from start[i] (bytes) up to start[i + 1]. */
export interface LineTable {
  firstLine: number;
  start: Int32Array;
  line: Int32Array;
  endLine: Int32Array;
  column: Int32Array;
  endColumn: Int32Array;
  /** It has lines that no file can have: damage. */
  isDamaged: boolean;
}

/** The largest line or column in CPython. */
const mostInt = 2 ** 31 - 1;

/** Bytes of one code unit, an opcode and its argument (or an inline cache entry). */
const unitBytes = 2;

/**
 * Decodes co_lnotab (3.9), or co_linetable (3.10 and later). hexversion is sys.hexversion; bytes that end inside an
 * entry lose that entry only.
 */
export function decodeLineTable(
  hexversion: number,
  firstLine: number,
  bytes: Uint8Array,
): LineTable {
  const minor = (hexversion >>> 16) & 0xff;
  const entries = new Entries();
  if (minor >= 11) {
    decodeLocations(firstLine, bytes, entries);
  } else if (minor === 10) {
    decodeRanges(firstLine, bytes, entries);
  } else {
    decodePairs(firstLine, bytes, entries);
  }
  return entries.table(firstLine);
}

/** Any engine can pass this many arguments to a function. */
const mostArguments = 4096;

/** The line tables of a run, each decoded once, however many processes run the code. */
export class LineTables {
  readonly #known = new Map<string, LineTable>();

  /** See decodeLineTable. */
  decode(hexversion: number, firstLine: number, bytes: Uint8Array): LineTable {
    let key = `${hexversion} ${firstLine} `;
    for (let at = 0; at < bytes.length; at += mostArguments) {
      key += String.fromCharCode(...bytes.subarray(at, at + mostArguments));
    }
    let table = this.#known.get(key);
    if (!table) {
      table = decodeLineTable(hexversion, firstLine, bytes);
      this.#known.set(key, table);
    }
    return table;
  }
}

/**
 * The source range of the instruction at an offset in bytes. An offset inside an instruction's inline cache gives
 * that instruction's range; −1, a frame that has not started, gives the first line.
 */
export function lookUp(table: LineTable, instruction: number): SourcePosition {
  const index = instruction < 0 ? -1 : entryAt(table.start, instruction);
  if (index < 0) {
    return { line: table.firstLine, endLine: table.firstLine, column: 0, endColumn: 0 };
  }
  return {
    line: table.line[index]!,
    endLine: table.endLine[index]!,
    column: table.column[index]!,
    endColumn: table.endColumn[index]!,
  };
}

/**
 * Like lookUp, but never without a line. An instruction without one, such as clean-up after an exception, gets the
 * line of the instructions before it, so that its cost is shown somewhere sensible.
 */
export function lookUpNearest(table: LineTable, instruction: number): SourcePosition {
  const found = lookUp(table, instruction);
  if (found.line > 0) {
    return found;
  }
  let index = entryAt(table.start, instruction);
  while (index >= 0 && table.line[index] === 0) {
    index--;
  }
  const line = index < 0 ? table.firstLine : table.line[index]!;
  return { line, endLine: line, column: 0, endColumn: 0 };
}

/** Index of the last entry that starts at or before the offset; −1: none. */
function entryAt(start: Int32Array, offset: number): number {
  let low = 0;
  let high = start.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (start[middle]! <= offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

/** 3.9: pairs of unsigned address and signed line increments; the line changes after the address has advanced. */
function decodePairs(firstLine: number, bytes: Uint8Array, entries: Entries): void {
  let address = 0;
  let line = firstLine;
  entries.add(0, line, line, 0, 0);
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    address += bytes[at]!;
    line += (bytes[at + 1]! << 24) >> 24;
    entries.add(address, line, line, 0, 0);
  }
}

/** 3.10: pairs of a range's length and its line's signed increment, −128 for a range without a line. */
function decodeRanges(firstLine: number, bytes: Uint8Array, entries: Entries): void {
  let address = 0;
  let line = firstLine;
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const delta = (bytes[at + 1]! << 24) >> 24;
    const known = delta !== -128;
    if (known) {
      line += delta;
    }
    if (bytes[at]! > 0) {
      entries.add(address, known ? line : 0, known ? line : 0, 0, 0);
    }
    address += bytes[at]!;
  }
}

/** 3.11 and later (PEP 657): entries of `1 | code⁴ | units − 1³`, then what the code calls for. */
function decodeLocations(firstLine: number, bytes: Uint8Array, entries: Entries): void {
  let at = 0;
  let address = 0;
  let line = firstLine;
  // Six bits a byte, least significant first, bit 6 says that more follow; the sign is the lowest bit of the whole.
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = bytes[at++] ?? 0;
      value += (byte & 63) * scale;
      scale *= 64;
    } while (byte & 64);
    return value;
  };
  const signed = (): number => {
    const value = varint();
    return value % 2 === 1 ? -(value - 1) / 2 : value / 2;
  };
  while (at < bytes.length) {
    const head = bytes[at++]!;
    const code = (head >> 3) & 15;
    let endLine: number;
    let column = 0;
    let endColumn = 0;
    if (code === 15) {
      endLine = 0;
    } else if (code === 14) {
      line += signed();
      endLine = line + varint();
      column = varint();
      endColumn = varint();
    } else if (code === 13) {
      line += signed();
      endLine = line;
    } else if (code >= 10) {
      line += code - 10;
      endLine = line;
      column = (bytes[at++] ?? 0) + 1;
      endColumn = (bytes[at++] ?? 0) + 1;
    } else {
      const second = bytes[at++] ?? 0;
      endLine = line;
      column = (code << 3) + (second >> 4) + 1;
      endColumn = column + (second & 15);
    }
    if (at > bytes.length) {
      return;
    }
    entries.add(address, code === 15 ? 0 : line, endLine, column, endColumn);
    address += ((head & 7) + 1) * unitBytes;
  }
}

/** Collects entries in the order of addresses, without those that repeat the previous one. */
class Entries {
  #values: number[] = [];
  #isDamaged = false;

  add(start: number, line: number, endLine: number, column: number, endColumn: number): void {
    const isPossible = [line, endLine, column, endColumn].every(
      (value) => value >= 0 && value <= mostInt,
    );
    if (isPossible) {
      this.#add(start, line, endLine, column, endColumn);
    } else {
      this.#isDamaged = true;
      this.#add(start, 0, 0, 0, 0);
    }
  }

  #add(start: number, line: number, endLine: number, column: number, endColumn: number): void {
    const values = this.#values;
    const last = values.length - 5;
    if (last >= 0) {
      if (values[last] === start) {
        values.length = last;
      } else if (
        values[last + 1] === line &&
        values[last + 2] === endLine &&
        values[last + 3] === column &&
        values[last + 4] === endColumn
      ) {
        return;
      }
    }
    values.push(start, line, endLine, column, endColumn);
  }

  table(firstLine: number): LineTable {
    const values = this.#values;
    const column = (offset: number): Int32Array => {
      const filled = new Int32Array(values.length / 5);
      for (let index = 0; index < filled.length; index++) {
        filled[index] = values[index * 5 + offset]!;
      }
      return filled;
    };
    return {
      firstLine,
      start: column(0),
      line: column(1),
      endLine: column(2),
      column: column(3),
      endColumn: column(4),
      isDamaged: this.#isDamaged,
    };
  }
}
