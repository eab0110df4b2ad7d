/** Reads the fields of one record's payload: the numbers and texts that profiler-agent/STREAM.md defines. */
import { KnownBytes } from './knownBytes';
import { plainText } from './plain';
import { decodeRaw } from './utf8';

/** Reads the fields of a payload in order. Reading past its end is damage. */
export class PayloadReader {
  at = 0;
  end = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  /** The same bytes, for reading several at once. */
  #view: DataView = new DataView(this.#bytes.buffer);

  /**
   * corrupt: makes the error that all methods throw for damage, from words that follow “the record”. known: texts that
   * were decoded before.
   */
  constructor(
    private readonly corrupt: (what: string) => Error,
    private readonly known = new KnownBytes<string>(),
  ) {}

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Goes on with other bytes. */
  set bytes(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get view(): DataView {
    return this.#view;
  }

  byte(): number {
    if (this.at >= this.end) {
      throw this.corrupt('ends too early');
    }
    return this.#bytes[this.at++]!;
  }

  /** Exact up to 2^53, rounded beyond. */
  varint(): number {
    // Most take one byte; this function is kept so short that the engine inlines it.
    const { at } = this;
    if (at < this.end && this.#bytes[at]! < 128) {
      this.at = at + 1;
      return this.#bytes[at]!;
    }
    return this.#longVarint();
  }

  #longVarint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        return value;
      }
      scale *= 128;
      if (scale > 2 ** 63) {
        throw this.corrupt('has a number longer than 64 bits');
      }
    }
  }

  /** A trailing number, which older minor versions do not have: then 0. */
  optional(): number {
    return this.at < this.end ? this.varint() : 0;
  }

  /** Whether a trailing field is there. */
  get hasMore(): boolean {
    return this.at < this.end;
  }

  /** A number that may be a fraction, or negative. */
  number(): number {
    if (this.at + 8 > this.end) {
      throw this.corrupt('ends too early');
    }
    const value = this.#view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  /** Four bytes, the lowest first. */
  fixed(): number {
    if (this.at + 4 > this.end) {
      throw this.corrupt('ends too early');
    }
    const value = this.#view.getUint32(this.at, true);
    this.at += 4;
    return value;
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #blobEnd(): number {
    const length = this.varint();
    if (this.at + length > this.end) {
      throw this.corrupt('ends too early');
    }
    return this.at + length;
  }

  /** Made plain (plain.ts), since a recording is input from outside. */
  text(): string {
    const end = this.#blobEnd();
    const from = this.at;
    this.at = end;
    return this.known.of(this.#view, from, end, () =>
      plainText(decodeRaw(this.#bytes.subarray(from, end))),
    );
  }

  blob(): Uint8Array {
    const end = this.#blobEnd();
    const blob = this.#bytes.slice(this.at, end);
    this.at = end;
    return blob;
  }

  texts(): string[] {
    const texts: string[] = [];
    for (let count = this.varint(); count > 0; count--) {
      texts.push(this.text());
    }
    return texts;
  }

  /** The choice at the position that the next byte names. what: what an error calls it. */
  choice<T>(choices: readonly T[], what: string): T {
    return this.chosen(choices, this.byte(), what);
  }

  /** The choice at a position that was read already. */
  chosen<T>(choices: readonly T[], at: number, what: string): T {
    const choice = choices[at];
    if (choice === undefined) {
      throw this.corrupt(`has an unknown ${what}`);
    }
    return choice;
  }
}
