/** Columns of numbers as one block of bytes, little-endian, each starting at a multiple of 8. */
import { damagedChart } from '../recording/damage';

export type Column = Uint8Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** Puts all columns one after the other, each filled up to a multiple of 8 bytes. */
export function joinColumns(columns: readonly Column[]): ArrayBuffer {
  const bytes = new Uint8Array(columns.reduce((sum, column) => sum + padded(column.byteLength), 0));
  let offset = 0;
  for (const column of columns) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), offset);
    offset += padded(column.byteLength);
  }
  return bytes.buffer;
}

/**
 * Reads columns from a block of bytes, in the order in which they were written, without copying. Throws if it is too
 * short.
 */
export class ColumnReader {
  #at = 0;

  constructor(private readonly buffer: ArrayBuffer) {}

  u8(length: number): Uint8Array {
    return new Uint8Array(this.buffer, this.#take(length), length);
  }
  u32(length: number): Uint32Array {
    return new Uint32Array(this.buffer, this.#take(length * 4), length);
  }
  i32(length: number): Int32Array {
    return new Int32Array(this.buffer, this.#take(length * 4), length);
  }
  f32(length: number): Float32Array {
    return new Float32Array(this.buffer, this.#take(length * 4), length);
  }
  f64(length: number): Float64Array {
    return new Float64Array(this.buffer, this.#take(length * 8), length);
  }

  #take(bytes: number): number {
    const start = this.#at;
    this.#at += padded(bytes);
    if (this.#at > this.buffer.byteLength) {
      throw damagedChart();
    }
    return start;
  }
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
