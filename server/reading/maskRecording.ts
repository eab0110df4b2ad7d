/** Removes secrets among the arguments of a program from the beginning of its recording, which is sent to others. */
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
 * Masks secrets in the record that holds the program's arguments. The record keeps its length, so that everything after it
 * stays where it is. `beginning`: of a recording, at least its first batch.
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
    // Without a header no record can be found, so nothing is masked.
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
    // Skips engine, version, executable and working folder.
    for (let text = 0; text < 4; text++) read.blob();
    const from = read.at;
    const args = Array.from({ length: Math.min(read.varint(), end) }, () => read.blob());
    const texts = args.map((arg) => decodeUtf8(arg, 0, arg.length));
    const masked = maskSecrets(texts);
    if (masked.every((text, index) => text === texts[index])) return;
    const written = masked.flatMap((text, index) => {
      // An argument that is not masked keeps its bytes, which may be no text.
      const arg =
        text === texts[index] ? args[index]! : encodeUtf8(text).subarray(0, args[index]!.length);
      return [varint(arg.length), arg];
    });
    const rest = bytes.slice(read.at, end);
    // The arguments are shorter now; the zeros that fill the record are read as empty fields.
    bytes.fill(0, from, end);
    let at = from;
    for (const part of [varint(args.length), ...written, rest]) {
      bytes.set(part, at);
      at += part.length;
    }
  } catch {
    // In a damaged record the arguments cannot be told from the rest, so all of it is removed.
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
