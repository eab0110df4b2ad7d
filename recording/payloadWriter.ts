/** Writes the fields of one record's payload: the numbers and texts that profiler-agent/STREAM.md defines. */
import { encodeUtf8 } from './utf8';

const firstRoom = 256;

/** Grows as needed, and is reused for the next payload. */
export class PayloadWriter {
  #bytes = new Uint8Array(firstRoom);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** What was written since the last clear(). The next payload overwrites it. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** Four bytes, the lowest first. */
  fixed(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  signed(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** A number that may be a fraction, or negative. */
  number(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  text(text: string): void {
    this.blob(encodeUtf8(text));
  }

  blob(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const more = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    more.set(this.#bytes);
    this.#bytes = more;
    this.#view = new DataView(more.buffer);
  }
}
