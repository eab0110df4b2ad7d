/** The command line and environment of this process, as the kernel has them: Node loses bytes that are not UTF-8. */
import { readFileSync } from 'node:fs';
import { decodeRaw } from '../../recording/utf8';

/** The arguments after the tool's own file name. */
export function rawArguments(): string[] {
  const decoded = process.argv.slice(2);
  const words = readList('/proc/self/cmdline');
  // Node's own options stand before the tool's name, so what follows is counted from the end.
  const own = decoded.length > 0 ? words.slice(-decoded.length) : [];
  if (own.length !== decoded.length) return decoded;
  const isSame = own.every((bytes, index) => bytes.toString('utf8') === decoded[index]);
  return isSame ? own.map(decodeRaw) : decoded;
}

/** `NAME=value` of every variable this process was started with. */
export function rawEnvironment(): string[] {
  return readList('/proc/self/environ').map(decodeRaw);
}

/** The working folder; through /proc where its name is not UTF-8, or it was deleted. */
export function workingFolder(): string {
  try {
    const folder = process.cwd();
    if (!folder.includes('\ufffd')) return folder;
  } catch {
    // It was deleted, and the program starts in the deleted folder as well.
  }
  return `/proc/${process.pid}/cwd`;
}

function readList(path: string): Buffer[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return [];
  }
  const list: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0, start);
    list.push(bytes.subarray(start, end < 0 ? bytes.length : end));
    start = end < 0 ? bytes.length : end + 1;
  }
  return list;
}
