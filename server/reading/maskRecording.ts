/** The beginning of a recording as it may be sent to others: without the secrets among the arguments of its program. */
import { batchStart, checksum } from '../../recording/checksum';
import { PayloadReader } from '../../recording/payload';
import { headerBytes, readHeader } from '../../recording/decode';
import { recordTable } from '../../recording/table';
import { decodeUtf8, encodeUtf8 } from '../../recording/utf8';
import { maskSecrets } from './secrets';

interface Frame {
  kind: number;
  start: number;
  payload: number;
  end: number;
}

/**
 * Masks secrets in the record that says what the program was given, in place: it keeps its length, and what follows its
 * place. `beginning` is that of a recording, long enough for its first batch.
 */
export function maskRecording(beginning: Uint8Array): void {
  // Slices of a Buffer share its memory.
  const bytes = new Uint8Array(beginning.buffer, beginning.byteOffset, beginning.length);
  const { headerSize } = header(bytes);
  const batch: Frame[] = [];
  for (let at = headerSize; ;) {
    const frame = frameAt(bytes, at);
    if (!frame) return;
    batch.push(frame);
    at = frame.end;
    if (frame.kind === recordTable.process.number) maskProcess(bytes, frame);
    if (frame.kind !== recordTable.check.number) continue;
    const sum = checksum(batchStart(0), bytes, headerSize, frame.start);
    new DataView(bytes.buffer, bytes.byteOffset + frame.payload, 4).setUint32(0, sum, true);
    return;
  }
}

function header(bytes: Uint8Array): { headerSize: number } {
  try {
    return readHeader(bytes.subarray(0, headerBytes));
  } catch {
    // What cannot be read says nothing.
    return { headerSize: bytes.length };
  }
}

function frameAt(bytes: Uint8Array, start: number): Frame | undefined {
  const read = reader(bytes, start + 1, bytes.length);
  try {
    const length = read.varint();
    const end = read.at + length;
    return end > bytes.length ? undefined : { kind: bytes[start]!, start, payload: read.at, end };
  } catch {
    return undefined;
  }
}

function maskProcess(bytes: Uint8Array, { payload, end }: Frame): void {
  const read = reader(bytes, payload, end);
  try {
    read.varint();
    // Engine, version, executable, working folder.
    for (let text = 0; text < 4; text++) read.blob();
    const from = read.at;
    const args = Array.from({ length: Math.min(read.varint(), end) }, () => read.blob());
    const texts = args.map((arg) => decodeUtf8(arg, 0, arg.length));
    const masked = maskSecrets(texts);
    if (masked.every((text, index) => text === texts[index])) return;
    const written = masked.flatMap((text, index) => {
      // What is not masked stays what it is, also where it is no text.
      const arg =
        text === texts[index] ? args[index]! : encodeUtf8(text).subarray(0, args[index]!.length);
      return [varint(arg.length), arg];
    });
    const rest = bytes.slice(read.at, end);
    // Fields that a record has no more of are 0.
    bytes.fill(0, from, end);
    let at = from;
    for (const part of [varint(args.length), ...written, rest]) {
      bytes.set(part, at);
      at += part.length;
    }
  } catch {
    // A damaged record is not shown, and its arguments neither: nothing of it is passed on.
    bytes.fill(0, payload, end);
  }
}

function reader(bytes: Uint8Array, at: number, end: number): PayloadReader {
  const read = new PayloadReader((what) => new Error(`The record ${what}.`));
  read.bytes = bytes;
  read.at = at;
  read.end = end;
  return read;
}

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return Uint8Array.from([...out, rest]);
}
