/**
 * Names of compiled functions, read from an ELF64 little-endian file without loading it: section headers
 * first, then only the symbol and string tables. Everything is synchronous and bounded.
 */
import { closeSync } from 'node:fs';
import { openRegular, readAt } from '../reading/regularFile';

/** Function symbols of one file, sorted by address; look them up with symbolAt. */
export interface SymbolTable {
  starts: Float64Array;
  /** One past the last address. */
  ends: Float64Array;
  nameOffsets: Uint32Array;
  names: Buffer;
}

/** What symbols.ts needs to know of one ELF file. */
export interface ElfInfo {
  /** Lower-case hex, '' when the file has none. */
  buildId: string;
  /** File name in .gnu_debuglink, '' when there is none. */
  debugLink: string;
  /** True when the symbols come from .symtab, so that local functions are named too. */
  complete: boolean;
  symbols: SymbolTable;
}

interface Section {
  name: string;
  type: number;
  flags: number;
  address: number;
  offset: number;
  size: number;
  link: number;
  entrySize: number;
}

const headerSize = 64;
const typeSymbols = 2;
const typeDynamicSymbols = 11;
const flagExecutable = 4;
const symbolSize = 24;
const kindNone = 0;
const kindFunction = 2;
const kindIndirectFunction = 10;
const bindGlobal = 1;
/** Bytes; a damaged header must not make us allocate without end. */
const largestSection = 1 << 30;

/** Reads an ELF file's function symbols. Returns undefined when the file is missing, unreadable or not a sound ELF64 file. */
export function readElf(path: string): ElfInfo | undefined {
  let fd: number;
  try {
    fd = openRegular(path);
  } catch {
    return undefined;
  }
  try {
    return parse(fd);
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

function parse(fd: number): ElfInfo | undefined {
  const header = readAt(fd, 0, headerSize);
  const isElf64LittleEndian =
    header.length === headerSize &&
    header.readUInt32BE(0) === 0x7f454c46 &&
    header[4] === 2 &&
    header[5] === 1;
  if (!isElf64LittleEndian) return undefined;
  const sections = readSections(fd, header);
  const full = sections.find((section) => section.type === typeSymbols && section.size > 0);
  const dynamic = sections.find((section) => section.type === typeDynamicSymbols);
  const table = full ?? dynamic;
  const strings = table && sections[table.link];
  return {
    buildId: readBuildId(fd, sections),
    debugLink: readDebugLink(fd, sections),
    complete: full !== undefined,
    symbols:
      table && strings
        ? collect(readSection(fd, table), readSection(fd, strings), sections)
        : collect(Buffer.alloc(0), Buffer.alloc(0), sections),
  };
}

/** The name of the function at an ELF virtual address, or undefined when no symbol covers it. */
export function symbolAt(table: SymbolTable, address: number): string | undefined {
  let low = 0;
  let high = table.starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (table.starts[middle]! <= address) low = middle + 1;
    else high = middle;
  }
  // A short symbol may sit inside a longer one: look a little further back before giving up.
  for (let index = low - 1; index >= 0 && index >= low - 16; index--) {
    if (address < table.ends[index]!) return nameAt(table, index);
  }
  return undefined;
}

function nameAt(table: SymbolTable, index: number): string {
  const from = table.nameOffsets[index]!;
  const to = table.names.indexOf(0, from);
  return table.names.toString('latin1', from, to < 0 ? table.names.length : to);
}

function collect(symbols: Buffer, names: Buffer, sections: Section[]): SymbolTable {
  const count = Math.floor(symbols.length / symbolSize);
  const kept: { start: number; end: number; sized: boolean; name: number; rank: number }[] = [];
  for (let index = 0; index < count; index++) {
    const at = index * symbolSize;
    const info = symbols[at + 4]!;
    const section = symbols.readUInt16LE(at + 6);
    const name = symbols.readUInt32LE(at);
    const kind = info & 15;
    if (section === 0 || name === 0 || name >= names.length) continue;
    const isFunction = kind === kindFunction || kind === kindIndirectFunction;
    // Hand-written assembly often leaves its functions untyped; data symbols live in sections without code.
    const isUntypedCode =
      kind === kindNone &&
      ((sections[section]?.flags ?? 0) & flagExecutable) !== 0 &&
      names[name] !== 0x24 &&
      names[name] !== 0x2e;
    if (!isFunction && !isUntypedCode) continue;
    const start = Number(symbols.readBigUInt64LE(at + 8));
    const size = Number(symbols.readBigUInt64LE(at + 16));
    const rank = (isFunction ? 2 : 0) + (info >> 4 === bindGlobal ? 1 : 0);
    const { address, size: length } = sections[section] ?? { address: 0, size: 0 };
    kept.push({
      start,
      end: size > 0 ? start + size : address + length,
      sized: size > 0,
      name,
      rank,
    });
  }
  // Of several names for one address the best one comes last, because a search ends on the last.
  kept.sort((a, b) => a.start - b.start || a.rank - b.rank || a.end - b.end || b.name - a.name);
  // A function without a size, such as hand-written assembly, goes on to the next one or to the end of its section.
  for (let index = kept.length - 1, next = Infinity, at = Infinity; index >= 0; index--) {
    const symbol = kept[index]!;
    if (symbol.start < at) [next, at] = [at, symbol.start];
    if (!symbol.sized) symbol.end = Math.min(symbol.end, next);
  }
  const table: SymbolTable = {
    starts: new Float64Array(kept.length),
    ends: new Float64Array(kept.length),
    nameOffsets: new Uint32Array(kept.length),
    names,
  };
  kept.forEach((symbol, index) => {
    table.starts[index] = symbol.start;
    table.ends[index] = symbol.end;
    table.nameOffsets[index] = symbol.name;
  });
  return table;
}

function readSections(fd: number, header: Buffer): Section[] {
  const offset = Number(header.readBigUInt64LE(0x28));
  const entrySize = header.readUInt16LE(0x3a);
  if (offset === 0 || entrySize < 64) return [];
  let count = header.readUInt16LE(0x3c);
  let namesIndex = header.readUInt16LE(0x3e);
  // Files with very many sections keep the real numbers in the first section header.
  if (count === 0 || namesIndex === 0xffff) {
    const first = readAt(fd, offset, 64);
    if (count === 0) count = Number(first.readBigUInt64LE(32));
    if (namesIndex === 0xffff) namesIndex = first.readUInt32LE(40);
  }
  const bytes = readAt(fd, offset, Math.min(count * entrySize, largestSection));
  const sections: (Section & { nameOffset: number })[] = [];
  for (let at = 0; at + 64 <= bytes.length; at += entrySize) {
    sections.push({
      name: '',
      nameOffset: bytes.readUInt32LE(at),
      type: bytes.readUInt32LE(at + 4),
      flags: Number(bytes.readBigUInt64LE(at + 8)),
      address: Number(bytes.readBigUInt64LE(at + 16)),
      offset: Number(bytes.readBigUInt64LE(at + 24)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
      link: bytes.readUInt32LE(at + 40),
      entrySize: Number(bytes.readBigUInt64LE(at + 56)),
    });
  }
  const namesSection = sections[namesIndex];
  const names = namesSection ? readSection(fd, namesSection) : Buffer.alloc(0);
  for (const section of sections) section.name = cString(names, section.nameOffset);
  return sections;
}

function readBuildId(fd: number, sections: Section[]): string {
  const section = sections.find(({ name }) => name === '.note.gnu.build-id');
  if (!section) return '';
  const note = readSection(fd, section);
  if (note.length < 16) return '';
  const nameSize = note.readUInt32LE(0);
  const from = 12 + Math.ceil(nameSize / 4) * 4;
  return note.toString('hex', from, from + note.readUInt32LE(4));
}

function readDebugLink(fd: number, sections: Section[]): string {
  const section = sections.find(({ name }) => name === '.gnu_debuglink');
  return section ? cString(readSection(fd, section), 0) : '';
}

function cString(bytes: Buffer, from: number): string {
  const to = bytes.indexOf(0, from);
  return bytes.toString('latin1', from, to < 0 ? bytes.length : to);
}

function readSection(fd: number, section: Section): Buffer {
  return section.size > largestSection ? Buffer.alloc(0) : readAt(fd, section.offset, section.size);
}
