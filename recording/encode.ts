/** Encodes records as profiler-agent/STREAM.md lays them out, for tests and for saving what was read. */
import type { StreamRecord } from './records';
import { batchStart, checksum } from './checksum';
import type { Clocks, Field } from './fields';
import { PayloadWriter } from './payloadWriter';
import { fieldsOf, recordTable } from './table';

/**
 * Encodes records one after the other. It keeps the times that the next records are relative to, and the checksum of
 * the batch.
 */
export class StreamEncoder {
  #batch = 0;
  #sum = batchStart(0);
  readonly #clocks: Clocks = { lastSampleNs: 0, lastMemoryNs: 0 };
  /** The number of the next batch, if it is not the one after the last. */
  #nextBatch: number | undefined;
  readonly #start = new PayloadWriter();
  readonly #payload = new PayloadWriter();

  /** The bytes of one record, kind and length included. */
  encode(record: StreamRecord): Uint8Array {
    const bytes = this.#bytes(recordTable[record.kind].number, fieldsOf(record), record);
    if (record.kind === 'thinned') this.#nextBatch = record.batch;
    this.copy(bytes);
    return bytes;
  }

  /**
   * Counts a record that is encoded already in the batch's checksum. It must be of a kind without times that later
   * records are relative to.
   */
  copy(bytes: Uint8Array): void {
    this.#sum = checksum(this.#sum, bytes);
  }

  /** The record that ends a batch: the checksum of everything encoded since the last one. */
  check(): Uint8Array {
    const { number, fields } = recordTable.check;
    const bytes = this.#bytes(number, fields, { crc: this.#sum });
    this.#batch = this.#nextBatch ?? this.#batch + 1;
    this.#nextBatch = undefined;
    this.#sum = batchStart(this.#batch);
    return bytes;
  }

  #bytes<R>(kind: number, fields: readonly Field<R>[], record: R): Uint8Array {
    const [start, payload] = [this.#start, this.#payload];
    payload.clear();
    for (const field of fields) {
      field.encode(payload, record, this.#clocks);
    }
    start.clear();
    start.byte(kind);
    start.varint(payload.bytes.length);
    const bytes = new Uint8Array(start.bytes.length + payload.bytes.length);
    bytes.set(start.bytes);
    bytes.set(payload.bytes, start.bytes.length);
    return bytes;
  }
}
