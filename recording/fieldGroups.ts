/** Groups of fields that belong together; fields.ts has single fields. */
import { sampleFlags, sampleStates } from './codes';
import { type Field, varint } from './fields';
import type { MemoryFigures, ReservedPart } from './memoryRecords';
import type { SampleRecord, ThinnedRecord } from './records';

/** The properties of a place: ids of a stack and of a chain of native frames, and the opcode that called the latter. */
export interface Place {
  stack: number;
  native: number;
  opcode: number;
}

/** The opcode of the instruction that called native code. Without native code it is −1 and is not written. */
const opcode: Field<Place> = {
  layout: ['u8 opcode'],
  isOptional: false,
  decode(read, into) {
    into.opcode = into.native === 0 ? -1 : read.byte();
  },
  encode(put, record) {
    if (record.native !== 0) put.byte(record.opcode);
  },
};

/** A place: the stack, the native frames above it, and the opcode that called them. */
export const place: readonly Field<Place>[] = [varint('stack'), varint('native'), opcode];

/** The figures whose bits are set in the mask before them; the others are 0. */
export const figures = (
  names: readonly (keyof MemoryFigures)[],
): Field<{ change: MemoryFigures }> => ({
  layout: ['u8 mask'],
  isOptional: false,
  decode(read, into) {
    const mask = read.byte();
    into.change = Object.fromEntries(
      names.map((name, at) => [name, mask & (1 << at) ? read.number() : 0]),
    ) as unknown as MemoryFigures;
  },
  encode(put, { change }) {
    put.byte(names.reduce((mask, name, at) => (change[name] === 0 ? mask : mask | (1 << at)), 0));
    for (const name of names) if (change[name] !== 0) put.number(change[name]);
  },
});

/** Whether a block is a reserved mapping, and how much of it was touched: absent for other blocks. */
export const reservedPart: Field<{ reserved?: ReservedPart }> = {
  layout: ['varint size', 'f64 seen', 'varint before', 'varint most'],
  isOptional: true,
  decode(read, into) {
    if (!read.hasMore) return;
    const size = read.varint();
    const seen = read.number();
    into.reserved = { size, seen, before: read.varint(), most: read.varint() };
  },
  encode(put, { reserved }) {
    if (!reserved) return;
    put.varint(reserved.size);
    put.number(reserved.seen);
    put.varint(reserved.before);
    put.varint(reserved.most);
  },
};

/** The entries of a list, after their number. */
export const uncharged: Field<Pick<ThinnedRecord, 'uncharged'>> = {
  layout: ['varint n', 'varint thread', 'svarint systemNs'],
  isOptional: false,
  decode(read, into) {
    into.uncharged = [];
    for (let count = read.varint(); count > 0; count--) {
      into.uncharged.push({ thread: read.varint(), systemNs: read.signed() });
    }
  },
  encode(put, record) {
    put.varint(record.uncharged.length);
    for (const { thread, systemNs } of record.uncharged) {
      put.varint(thread);
      put.signed(systemNs);
    }
  },
};

type Flags = Pick<SampleRecord, 'state' | 'settled' | Exclude<keyof typeof sampleFlags, 'settled'>>;

/** The state, and a bit for each flag. */
export const flags: Field<Flags> = {
  layout: ['varint flags'],
  isOptional: false,
  decode(read, into) {
    const bits = read.varint();
    into.state = read.chosen(sampleStates, bits & 3, 'thread state');
    const { settled, ...always } = sampleFlags;
    for (const name of keysOf(always)) into[name] = (bits & always[name]) !== 0;
    if ((bits & settled) !== 0) into.settled = true;
  },
  encode(put, record) {
    const set = keysOf(sampleFlags).filter((name) => record[name]);
    put.varint(
      set.reduce((bits, name) => bits | sampleFlags[name], sampleStates.indexOf(record.state)),
    );
  },
};

function keysOf<Key extends string>(object: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(object) as Key[];
}
