/** A recording as it is put into a saved file: one piece after the other, from one file or two (recordingFront.ts). */
import { closeSync, fstatSync } from 'node:fs';
import type { RecordingHeader } from '../../recording/records';
import { changedHeader, headerBytes, readHeader } from '../../recording/decode';
import { maskRecording } from './maskRecording';
import { RecordArea } from './recordingFront';
import { openRegular, readAt } from './regularFile';

/** What is committed by now, secrets masked, in pieces of `size` bytes. A recording that has hardly begun has none. */
export function* recordingPieces(path: string, size: number): Generator<Uint8Array, void> {
  const fd = openRegular(path);
  let area: RecordArea | undefined;
  try {
    const bytes = readAt(fd, 0, headerBytes);
    if (bytes.length < headerBytes || bytes[0] === 0) return;
    const header = tryHeader(bytes);
    if (!header) {
      // The reader of the saved file says that it is damaged.
      yield bytes;
      return;
    }
    const { headerSize, committed } = header;
    area = new RecordArea(path, fd, header);
    const length = area.lengthOf(Math.min(committed, fstatSync(fd).size - headerSize));
    // The header that was read first, because a live writer may have changed it since.
    const first = area.hasFront ? changedHeader(bytes, area.lengthOf(committed)) : bytes;
    for (let at = -headerSize; at < length;) {
      const piece = new Uint8Array(Math.min(size, length - at));
      let filled = 0;
      if (at < 0) {
        piece.set(readAt(fd, 0, headerSize));
        piece.set(first);
        filled = headerSize;
      }
      for (let got = -1; filled < piece.length && got !== 0; filled += got) {
        got = area.read(piece.subarray(filled), at + filled);
      }
      const there = piece.subarray(0, filled);
      if (at < 0) maskRecording(there);
      yield there;
      if (filled < piece.length) return;
      at += filled;
    }
  } finally {
    area?.close();
    closeSync(fd);
  }
}

function tryHeader(bytes: Uint8Array): RecordingHeader | undefined {
  try {
    return readHeader(bytes);
  } catch {
    return undefined;
  }
}
