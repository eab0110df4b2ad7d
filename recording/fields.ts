/** How fields of records are read and written. table.ts says which record has which fields. */
import type { PayloadReader } from './payload';
import type { PayloadWriter } from './payloadWriter';

/** The times that the next records are relative to. */
export interface Clocks {
  lastSampleNs: number;
  lastMemoryNs: number;
}

/** A field, or a few that belong together, of a record with the properties R. */
export interface Field<R> {
  /** The encoding and the name of each part, in the words of STREAM.md: “varint thread”. */
  readonly layout: readonly string[];
  /** A record may end before it: older versions did not write it. */
  readonly isOptional: boolean;
  readonly decode: (read: PayloadReader, into: R, clocks: Clocks) => void;
  readonly encode: (put: PayloadWriter, record: R, clocks: Clocks) => void;
}

type Has<Name extends string, Value> = Record<Name, Value>;
type May<Name extends string, Value> = Partial<Record<Name, Value>>;

/** A field that is one property. */
function field<Name extends string, Value>(
  wire: string,
  name: Name,
  get: (read: PayloadReader, clocks: Clocks) => Value,
  set: (put: PayloadWriter, value: Value, clocks: Clocks) => void,
  isOptional = false,
): Field<Has<Name, Value>> {
  return {
    layout: [`${wire} ${name}`],
    isOptional,
    decode(read, into, clocks) {
      into[name] = get(read, clocks);
    },
    encode(put, record, clocks) {
      set(put, record[name], clocks);
    },
  };
}

/** A field at the end that is written only if it has a value. */
function mark<Name extends string, Value>(
  name: Name,
  get: (read: PayloadReader) => Value | undefined,
  set: (put: PayloadWriter, value: Value) => void,
): Field<May<Name, Value>> {
  return {
    layout: [`varint ${name}`],
    isOptional: true,
    decode(read, into) {
      const value = get(read);
      if (value !== undefined) into[name] = value as May<Name, Value>[Name];
    },
    encode(put, record) {
      const value = record[name];
      if (value !== undefined) set(put, value);
    },
  };
}

/** A whole number, 0 or more. */
export const varint = <Name extends string>(name: Name): Field<Has<Name, number>> =>
  field(
    'varint',
    name,
    (read) => read.varint(),
    (put, value) => put.varint(value),
  );

/** A whole number that may be negative. */
export const signed = <Name extends string>(name: Name): Field<Has<Name, number>> =>
  field(
    'svarint',
    name,
    (read) => read.signed(),
    (put, value) => put.signed(value),
  );

/** A number at the end of a record, which older versions did not write: then it is 0. */
export const trailing = <Name extends string>(name: Name): Field<Has<Name, number>> =>
  field(
    'varint',
    name,
    (read) => read.optional(),
    (put, value) => put.varint(value),
    true,
  );

/** A number that may be a fraction, or negative. */
export const number = <Name extends string>(name: Name): Field<Has<Name, number>> =>
  field(
    'f64',
    name,
    (read) => read.number(),
    (put, value) => put.number(value),
  );

/** Four bytes, the lowest first. */
export const fixed = <Name extends string>(name: Name): Field<Has<Name, number>> =>
  field(
    'u32',
    name,
    (read) => read.fixed(),
    (put, value) => put.fixed(value),
  );

export const text = <Name extends string>(name: Name): Field<Has<Name, string>> =>
  field(
    'str',
    name,
    (read) => read.text(),
    (put, value) => put.text(value),
  );

export const blob = <Name extends string>(name: Name): Field<Has<Name, Uint8Array>> =>
  field(
    'bytes',
    name,
    (read) => read.blob(),
    (put, value) => put.blob(value),
  );

/** Bit 0 of a byte. */
export const bit = <Name extends string>(name: Name): Field<Has<Name, boolean>> =>
  field(
    'u8',
    name,
    (read) => (read.byte() & 1) === 1,
    (put, value) => put.byte(value ? 1 : 0),
  );

/** Whether a number is 1. */
export const flag = <Name extends string>(name: Name): Field<Has<Name, boolean>> =>
  field(
    'varint',
    name,
    (read) => read.varint() === 1,
    (put, value) => put.varint(value ? 1 : 0),
  );

/** One of the choices, written as its position. what: what a message about an unknown position calls it. */
export const choice = <Name extends string, Choice>(
  name: Name,
  choices: readonly Choice[],
  what: string,
): Field<Has<Name, Choice>> =>
  field(
    'u8',
    name,
    (read) => read.choice(choices, what),
    (put, value) => put.byte(choices.indexOf(value)),
  );

/** The number that was written plus 1; null for 0. */
export const knownOf = (more: number): number | null => (more === 0 ? null : more - 1);
const moreThan = (value: number | null): number => (value === null ? 0 : value + 1);

/** A number, written plus 1, or null, written as 0. */
export const known = <Name extends string>(name: Name): Field<Has<Name, number | null>> =>
  field(
    'varint',
    name,
    (read) => knownOf(read.varint()),
    (put, value) => put.varint(moreThan(value)),
  );

/** The same at the end of a record, where older versions did not write it: then it is null. */
export const trailingKnown = <Name extends string>(name: Name): Field<Has<Name, number | null>> =>
  field(
    'varint',
    name,
    (read) => knownOf(read.optional()),
    (put, value) => put.varint(moreThan(value)),
    true,
  );

/** A number, or null, written as −1. */
export const exitStatus = <Name extends string>(name: Name): Field<Has<Name, number | null>> =>
  field(
    'svarint',
    name,
    (read) => {
      const exit = read.signed();
      return exit === -1 ? null : exit;
    },
    (put, value) => put.signed(value ?? -1),
  );

/** true, written as 1, or undefined, which is not written. */
export const yes = <Name extends string>(name: Name): Field<May<Name, true>> =>
  mark(
    name,
    (read) => (read.optional() === 1 ? true : undefined),
    (put) => put.varint(1),
  );

/** How many records this one stands for, if more than one. */
export const several = <Name extends string>(name: Name): Field<May<Name, number>> =>
  mark(
    name,
    (read) => {
      const count = read.optional();
      return count > 1 ? count : undefined;
    },
    (put, value) => put.varint(value),
  );

/** A time, relative to that of the previous record in its chain. */
export const timeAfter = <Name extends string>(
  name: Name,
  last: keyof Clocks,
): Field<Has<Name, number>> =>
  field(
    'svarint',
    name,
    (read, clocks) => (clocks[last] += read.signed()),
    (put, value, clocks) => {
      put.signed(value - clocks[last]);
      clocks[last] = value;
    },
  );

/** A time, relative to the last one of a chain, to which it does not belong itself. */
export const timeBeside = <Name extends string>(
  name: Name,
  last: keyof Clocks,
): Field<Has<Name, number>> =>
  field(
    'svarint',
    name,
    (read, clocks) => clocks[last] + read.signed(),
    (put, value, clocks) => put.signed(value - clocks[last]),
  );

/** A time, from which a chain goes on. */
export const clock = <Last extends keyof Clocks>(last: Last): Field<Has<Last, number>> =>
  field(
    'varint',
    last,
    (read, clocks) => (clocks[last] = read.varint()),
    (put, value, clocks) => {
      put.varint(value);
      clocks[last] = value;
    },
  );

/** A number, written as the difference to an earlier field. */
export const above = <Name extends string, Base extends string>(
  name: Name,
  base: Base,
): Field<Has<Name | Base, number>> => ({
  layout: [`varint ${name}`],
  isOptional: false,
  decode(read, into) {
    into[name] = (into[base] + read.varint()) as Has<Name | Base, number>[Name];
  },
  encode(put, record) {
    put.varint(record[name] - record[base]);
  },
});

/** A list of texts, after their number, which STREAM.md calls `count`. */
export const texts = <Name extends string>(
  count: string,
  name: Name,
): Field<Has<Name, string[]>> => ({
  layout: [`varint ${count}`, `str ${name}`],
  isOptional: false,
  decode(read, into) {
    into[name] = read.texts() as Has<Name, string[]>[Name];
  },
  encode(put, record) {
    put.varint(record[name].length);
    for (const text of record[name]) put.text(text);
  },
});
