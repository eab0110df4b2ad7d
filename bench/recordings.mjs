// Counts bytes and samples in a folder of recordings, without building a profile.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const headerBytes = 128;
const sampleKind = 8;

/**
 * Adds up the recordings of a run.
 * @param {string} folder
 * @returns {{bytes: number, samples: number}}
 */
export function measureRecordings(folder) {
  const sum = { bytes: 0, samples: 0 };
  for (const name of readdirSync(folder).filter((found) => found.endsWith('.lsp'))) {
    const bytes = readFileSync(join(folder, name));
    const end = headerBytes + Number(bytes.readBigUInt64LE(16));
    sum.bytes += end;
    sum.samples += countSamples(bytes, end);
  }
  return sum;
}

/**
 * Counts samples among the records; profiler-agent/STREAM.md has the format.
 * @param {Buffer} bytes
 * @param {number} end
 */
function countSamples(bytes, end) {
  let count = 0;
  for (let at = headerBytes; at < end;) {
    if (bytes.readUInt8(at++) === sampleKind) count++;
    let length = 0;
    let shift = 0;
    let byte;
    do {
      byte = bytes.readUInt8(at++);
      length += (byte & 127) * 2 ** shift;
      shift += 7;
    } while (byte > 127);
    at += length;
  }
  return count;
}
