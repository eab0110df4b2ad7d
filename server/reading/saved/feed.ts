/** Feeds a saved run's recordings through the same path as live ones, a piece at a time. */
import { scatteredPieces } from '../../../recording/damage';
import { readHeader, SharedContents, StreamDecoder } from '../../../recording/decode';
import { fastChecksum } from '../fastChecksum';
import type { Note, OpenSink, ProcessEnd, ProcessSink } from '../recordingFile';
import type { SavedRun } from './read';

interface Stream {
  sink: ProcessSink;
  decoder: StreamDecoder;
  end: ProcessEnd;
}

/** Reads a saved run. Owns an open file until it has read all of it: close it. */
export class SavedFeed {
  readonly notes: Note[] = [];
  ended = false;
  readonly #pieces: ReturnType<SavedRun['pieces']>;
  /** By name; null: the recording has been read, as far as it can be. */
  readonly #streams = new Map<string, Stream | null>();
  readonly #shared = new SharedContents(fastChecksum);
  /** Name of the recording whose pieces come now. */
  #reading = '';
  /** Recordings whose pieces do not follow each other. */
  readonly #scattered = new Set<string>();
  readonly #openSink: OpenSink;

  constructor(saved: SavedRun, openSink: OpenSink) {
    this.#openSink = openSink;
    this.notes.push(...saved.notes);
    this.#pieces = saved.pieces(this.notes);
  }

  /** Reads up to `budget` bytes, at least one piece; see Tail.poll. */
  poll(budget = 1 << 20): { progress: boolean; behind: boolean } {
    if (this.ended) return { progress: false, behind: false };
    for (let read = 0; read < budget;) {
      const next = this.#pieces.next();
      if (next.done) {
        this.#finish(this.#reading);
        this.ended = true;
        break;
      }
      read += next.value.bytes.length;
      this.#take(next.value.name, next.value.bytes);
    }
    return { progress: true, behind: !this.ended };
  }

  /** Nothing here is alive. */
  programEnded(): void {
    return undefined;
  }

  close(): void {
    this.#pieces.return();
  }

  #take(name: string, piece: Uint8Array): void {
    // The pieces of a recording follow each other, so a process is complete when the next one begins.
    if (name !== this.#reading) {
      this.#finish(this.#reading);
      if (this.#streams.has(name)) this.#sayScattered(name);
    }
    this.#reading = name;
    let stream = this.#streams.get(name);
    if (stream === null) return;
    try {
      if (stream) {
        this.#decode(stream, piece);
      } else {
        const header = readHeader(piece);
        const sink = this.#openSink(header);
        sink.header(header);
        const end = { closed: 'ended', full: 'full', recording: 'lost' } as const;
        stream = { sink, decoder: new StreamDecoder(header, this.#shared), end: end[header.state] };
        this.#streams.set(name, stream);
        this.#decode(stream, piece.subarray(header.headerSize));
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.notes.push({ severity: 'warning', text: `${name}: ${why}` });
      stream?.sink.finish('ended');
      this.#streams.set(name, null);
    }
  }

  #sayScattered(name: string): void {
    if (this.#scattered.has(name)) return;
    this.#scattered.add(name);
    this.notes.push({ severity: 'warning', text: scatteredPieces(name) });
  }

  #finish(name: string): void {
    const stream = this.#streams.get(name);
    if (!stream) return;
    stream.sink.finish(stream.end);
    const text = stream.decoder.leftOver;
    if (text !== undefined) this.notes.push({ severity: 'warning', text: `${name}: ${text}` });
    this.#streams.set(name, null);
  }

  #decode(stream: Stream, bytes: Uint8Array): void {
    const { decoder, sink } = stream;
    decoder.push(bytes, (record) => sink.record(record), sink.frames);
  }
}
