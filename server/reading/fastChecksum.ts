/** The checksum of recordings, computed by zlib where Node has zlib.crc32: from 20.15 and 22.2 on. */
import * as zlib from 'node:zlib';
import { checksum } from '../../recording/checksum';

/** For fewer bytes than this our own code is faster, because calling zlib takes longer. */
const few = 512;

/** Like checksum(), with the same results. */
export const fastChecksum: typeof checksum =
  typeof zlib.crc32 === 'function'
    ? (before, bytes, start = 0, end = bytes.length) =>
        end - start < few
          ? checksum(before, bytes, start, end)
          : zlib.crc32(bytes.subarray(start, end), before)
    : checksum;
