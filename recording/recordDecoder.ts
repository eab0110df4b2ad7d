/** Decodes one record after the other, as profiler-agent/STREAM.md, "Records", lays them out. */
import type { CodeRecord, StreamRecord } from './records';
import { checksum } from './checksum';
import { decodeFast } from './fastRecords';
import type { Clocks, Field } from './fields';
import { KnownBytes } from './knownBytes';
import type { PayloadReader } from './payload';
import { kindsByNumber, recordTable } from './table';

type CodeContents = Omit<CodeRecord, 'kind' | 'code'>;

/** Values that several recordings share, such as those of the processes of a run, so that each is decoded once. */
export class SharedContents {
  readonly texts = new KnownBytes<string>();
  readonly codes = new KnownBytes<CodeContents>();

  /** checkSum: checksum(), or a faster function with the same results. */
  constructor(readonly checkSum = checksum) {}
}

const codeKind = recordTable.code.number;
const [, ...contentFields] = recordTable.code.fields;

/** Keeps the times that those of later records are relative to. */
export class RecordDecoder {
  readonly #clocks: Clocks = { lastSampleNs: 0, lastMemoryNs: 0 };

  /** What times of the next records are relative to. */
  get times(): Clocks {
    return { ...this.#clocks };
  }

  /** read: is at the payload that decode() is asked for. corrupt: as for PayloadReader. */
  constructor(
    private readonly read: PayloadReader,
    private readonly corrupt: (what: string) => Error,
    private readonly shared: SharedContents,
  ) {}

  /** The record whose payload the reader is at; undefined for an unknown kind. Throws for damage. */
  decode(kind: number): StreamRecord | undefined {
    return (
      decodeFast(kind, this.read, this.#clocks) ??
      (kind === codeKind ? this.#code() : this.decodeByTable(kind))
    );
  }

  /** The same from the table alone: slower, and what tests compare decode() with. */
  decodeByTable(kind: number): StreamRecord | undefined {
    const known = kindsByNumber[kind];
    if (known) {
      const record = { kind: known.kind };
      this.#fields(known.fields, record);
      return record as StreamRecord;
    }
    if (kind === 0) {
      // Zeros are what an unwritten part of the file holds, so this is damage and not a kind from the future.
      throw this.corrupt('has kind 0');
    }
    return undefined;
  }

  /** All but its id is the same in every process that runs the code, and is decoded once. */
  #code(): CodeRecord {
    const { read } = this;
    const code = read.varint();
    const { firstLine, filename, name, qualname, lineTable } = this.shared.codes.of(
      read.view,
      read.at,
      read.end,
      () => this.#fields(contentFields, {} as CodeRecord),
    );
    return { kind: 'code', code, firstLine, filename, name, qualname, lineTable };
  }

  #fields<R>(fields: readonly Field<R>[], into: R): R {
    for (const field of fields) {
      field.decode(this.read, into, this.#clocks);
    }
    return into;
  }
}
