/** The checksum of recordings, by zlib where that is there: Node has it from 20.15 and 22.2 on. */
import * as zlib from 'node:zlib';
import { checksum } from '../../recording/checksum';

/** Of so few bytes ours is the faster one, because calling zlib takes longer, bytes. */
const few = 512;

/** See checksum(). */
export const fastChecksum: typeof checksum =
  typeof zlib.crc32 === 'function'
    ? (before, bytes, start = 0, end = bytes.length) =>
        end - start < few
          ? checksum(before, bytes, start, end)
          : zlib.crc32(bytes.subarray(start, end), before)
    : checksum;
