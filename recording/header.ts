/** The first 128 bytes of a recording; see profiler-agent/STREAM.md, "Header". */
import type { RecordingHeader } from './records';
import { checksum } from './checksum';
import { corruptHeader, cutHeader, StreamError } from './damage';

/** Bytes of the header that this version writes, and the fewest that a reader needs. */
export const headerBytes = 128;
/** The newest major version of the format that this reader understands. */
export const supportedMajor = 1;
/** From this minor version on each batch of records ends with its checksum, and the header has two. */
export const checkedMinor = 2;
/** Positions of the header's checksums: of the fields that never change, and of the others, 0 while these change. */
const fixedSumAt = 80;
const endSumAt = 84;

/** The largest plausible values, ns: a date in 2262, an hour, a hundred years, and CPU time of 292 years. */
const latestUnixNs = 2 ** 63;
const longestIntervalNs = 3600e9;
const longestLifeNs = 100 * 366 * 86_400e9;
const mostCpuNs = 2 ** 63;

const magic = [0x4c, 0x49, 0x4e, 0x45, 0x53, 0x43, 0x50, 0x0a];
const states = ['recording', 'closed', 'full'] as const;

/**
 * Reads a recording's header from the file's first bytes (at least 128 of them).
 * Throws StreamError when the bytes are not a recording, come from a newer major version, or are damaged.
 */
export function readHeader(bytes: Uint8Array): RecordingHeader {
  if (magic.some((byte, index) => bytes[index] !== byte)) {
    throw new StreamError(
      'notRecording',
      'This file is not a Lineheat recording: it does not begin with the recording signature.',
      0,
    );
  }
  if (bytes.length < headerBytes) {
    throw cutHeader(bytes.length, headerBytes);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const major = view.getUint16(8, true);
  const minor = view.getUint16(10, true);
  if (major > supportedMajor) {
    throw new StreamError(
      'newer',
      `This recording was written by a newer version of Lineheat (format ${major}.${minor}, this version reads ${supportedMajor}.x); update Lineheat to open it.`,
      8,
    );
  }
  const headerSize = view.getUint32(12, true);
  const state = states[view.getUint32(56, true)];
  if (major === 0) {
    throw corruptHeader(8);
  }
  if (headerSize < headerBytes || headerSize > 1 << 20) {
    throw corruptHeader(12);
  }
  if (state === undefined) {
    throw corruptHeader(56);
  }
  const fixedSum = view.getUint32(fixedSumAt, true);
  const endSum = view.getUint32(endSumAt, true);
  if (fixedSum !== 0 || minor >= checkedMinor) {
    if (fixedSum !== sumOfFixed(bytes) || (endSum !== 0 && endSum !== sumOfRest(bytes))) {
      throw corruptHeader(fixedSumAt);
    }
  }
  const header: RecordingHeader = {
    major,
    minor,
    headerSize,
    committed: readUint64(view, 16),
    pid: view.getUint32(24, true),
    ppid: view.getUint32(28, true),
    startMonotonicNs: readUint64(view, 32),
    startUnixNs: readUint64(view, 40),
    intervalNs: readUint64(view, 48),
    state,
    whyFull: view.getUint32(60, true),
    heartbeatNs: readUint64(view, 64),
    processCpuNs: readUint64(view, 72),
  };
  const impossible = impossibleField(header);
  if (impossible !== undefined) {
    throw corruptHeader(impossible);
  }
  return header;
}

/** Position of a value that no agent can have written, bytes; undefined: there is none. */
function impossibleField(header: RecordingHeader): number | undefined {
  const livedNs = header.heartbeatNs - header.startMonotonicNs;
  if (header.startUnixNs > latestUnixNs) return 40;
  if (header.intervalNs > longestIntervalNs) return 48;
  if (livedNs > longestLifeNs) return 64;
  if (header.processCpuNs > mostCpuNs) return 72;
  return undefined;
}

function sumOfFixed(bytes: Uint8Array): number {
  return checksum(checksum(0, bytes, 8, 16), bytes, 24, 56);
}

function sumOfRest(bytes: Uint8Array): number {
  return checksum(checksum(0, bytes, 16, 24), bytes, 56, 80);
}

/** Encodes a header, in headerSize bytes. */
export function encodeHeader(header: RecordingHeader): Uint8Array {
  const bytes = new Uint8Array(header.headerSize);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint16(8, header.major, true);
  view.setUint16(10, header.minor, true);
  view.setUint32(12, header.headerSize, true);
  writeUint64(view, 16, header.committed);
  view.setUint32(24, header.pid, true);
  view.setUint32(28, header.ppid, true);
  writeUint64(view, 32, header.startMonotonicNs);
  writeUint64(view, 40, header.startUnixNs);
  writeUint64(view, 48, header.intervalNs);
  view.setUint32(56, states.indexOf(header.state), true);
  view.setUint32(60, header.whyFull, true);
  writeUint64(view, 64, header.heartbeatNs);
  writeUint64(view, 72, header.processCpuNs);
  if (header.minor >= checkedMinor) {
    view.setUint32(fixedSumAt, sumOfFixed(bytes), true);
    view.setUint32(endSumAt, header.state === 'recording' ? 0 : sumOfRest(bytes), true);
  }
  return bytes;
}

/** A copy of a header's first 128 bytes with another `committed`, bytes, and with another state, if one is given. */
export function changedHeader(
  header: Uint8Array,
  committed: number,
  state?: RecordingHeader['state'],
): Uint8Array {
  const bytes = Uint8Array.from(header.subarray(0, headerBytes));
  const view = new DataView(bytes.buffer);
  writeUint64(view, 16, committed);
  if (state !== undefined) view.setUint32(56, states.indexOf(state), true);
  const isFinal = view.getUint32(endSumAt, true) !== 0 && state !== 'recording';
  view.setUint32(endSumAt, isFinal ? sumOfRest(bytes) : 0, true);
  return bytes;
}

function readUint64(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true);
}

function writeUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % 2 ** 32, true);
  view.setUint32(offset + 4, Math.floor(value / 2 ** 32), true);
}
