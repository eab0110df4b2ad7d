/** Writes records into a file in batches, each with its checksum, as the agent does. */
import { writeSync } from 'node:fs';
import type { StreamRecord } from '../../recording/records';
import { StreamEncoder } from '../../recording/decode';

/** A batch ends after this many bytes. */
const batchBytes = 256 * 1024;

/** Writes into an open file, from one position on. Does not own the file. */
export class BatchWriter {
  readonly #encoder = new StreamEncoder();
  #parts: Uint8Array[] = [];
  #size = 0;
  /** Bytes written so far; those of the batch that is not ended do not count. */
  length = 0;
  readonly #fd: number;
  readonly #start: number;

  /** fd: open for writing. start: where in the file the first byte goes. */
  constructor(fd: number, start: number) {
    this.#fd = fd;
    this.#start = start;
  }

  put(record: StreamRecord): void {
    this.#add(this.#encoder.encode(record));
  }

  /** Copies the bytes of a record. Not for a record with a time that times of later records are relative to. */
  copy(bytes: Uint8Array): void {
    this.#encoder.copy(bytes);
    this.#add(bytes.slice());
  }

  /** Ends the batch, and writes it. */
  flush(): void {
    if (this.#size === 0) return;
    this.#parts.push(this.#encoder.check());
    this.append(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#size = 0;
  }

  /** Copies whole batches. */
  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const at = this.#start + this.length;
      const written = writeSync(this.#fd, bytes, done, bytes.length - done, at);
      done += written;
      this.length += written;
    }
  }

  #add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= batchBytes) this.flush();
  }
}
