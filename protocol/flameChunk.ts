/**
 * Rows of the flame chart's tables as one block of bytes, little-endian, so that they cross processes without being
 * looked at. Every column starts at a multiple of 8 and is decoded without copying.
 *
 * | bytes | what |
 * |---|---|
 * | 8 | `LSFLAME3` |
 * | 6 × u32 | rows of strings, functions, frames, stacks, threads; 0 |
 * | strings | u32 × rows byte lengths · UTF-8 bytes, all strings after each other |
 * | functions | u32 name · u32 file · u32 line · u32 module |
 * | frames | u32 function · u32 line · u32 column · u8 kind |
 * | stacks | u32 frame · i32 parent |
 * | each thread | u32 id, pid, tid, rows, bytes of name, of process · f64 coarseNs, anewNs · name · process · u32 stack · f64 time · f64 wall · f64 cpu |
 */
import type { FlameTables, FlameThread } from '../profile/flame/tables';
import { ColumnReader, joinColumns, type Column } from './columns';
import { damagedChart } from '../recording/damage';
import { decodeUtf8, encodeUtf8 } from '../recording/utf8';

const signature = encodeUtf8('LSFLAME3');

/** Encodes a piece of the tables. */
export function encodeFlameChunk(tables: FlameTables): ArrayBuffer {
  const { functions, frames, stacks, threads } = tables;
  const strings = tables.strings.map(encodeUtf8);
  const text = new Uint8Array(strings.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const string of strings) {
    text.set(string, at);
    at += string.length;
  }
  const columns: Column[] = [
    signature,
    Uint32Array.of(
      strings.length,
      functions.name.length,
      frames.function.length,
      stacks.frame.length,
      threads.length,
      0,
    ),
    Uint32Array.from(strings, ({ length }) => length),
    text,
    ...[functions.name, functions.file, functions.line, functions.module],
    ...[frames.function, frames.line, frames.column, frames.kind],
    ...[stacks.frame, stacks.parent],
    ...threads.flatMap((thread) => {
      const [name, process] = [encodeUtf8(thread.name), encodeUtf8(thread.process)];
      const { id, pid, tid, stack, time, wall, cpu } = thread;
      return [
        Uint32Array.of(id, pid, tid, stack.length, name.length, process.length),
        Float64Array.of(thread.coarseNs, thread.anewNs),
        ...[name, process],
        ...[stack, time, wall, cpu],
      ];
    }),
  ];
  return joinColumns(columns);
}

/** Views of a chunk's columns. Throws an Error in words for the user if the bytes are not a chunk. */
export function decodeFlameChunk(buffer: ArrayBuffer): FlameTables {
  const reader = new ColumnReader(buffer);
  if (reader.u8(8).some((byte, index) => byte !== signature[index])) {
    throw damagedChart();
  }
  const [stringRows, functionRows, frameRows, stackRows, threadRows] = reader.u32(6);
  const lengths = reader.u32(stringRows!);
  const text = reader.u8(lengths.reduce((sum, length) => sum + length, 0));
  const strings: string[] = [];
  let at = 0;
  for (const length of lengths) {
    strings.push(decodeUtf8(text, at, at + length));
    at += length;
  }
  const functions = {
    name: reader.u32(functionRows!),
    file: reader.u32(functionRows!),
    line: reader.u32(functionRows!),
    module: reader.u32(functionRows!),
  };
  const frames = {
    function: reader.u32(frameRows!),
    line: reader.u32(frameRows!),
    column: reader.u32(frameRows!),
    kind: reader.u8(frameRows!),
  };
  const stacks = { frame: reader.u32(stackRows!), parent: reader.i32(stackRows!) };
  const threads: FlameThread[] = [];
  for (let index = 0; index < threadRows!; index++) {
    const [id, pid, tid, rows, nameLength, processLength] = reader.u32(6);
    const [coarseNs, anewNs] = reader.f64(2);
    const name = decodeUtf8(reader.u8(nameLength!), 0, nameLength!);
    const process = decodeUtf8(reader.u8(processLength!), 0, processLength!);
    threads.push({
      id: id!,
      pid: pid!,
      tid: tid!,
      name,
      process,
      coarseNs: coarseNs!,
      anewNs: anewNs!,
      stack: reader.u32(rows!),
      time: reader.f64(rows!),
      wall: reader.f64(rows!),
      cpu: reader.f64(rows!),
    });
  }
  return { strings, functions, frames, stacks, threads };
}
