/**
 * Recordings of processes that could make no file of their own, because they were forked after their parent gave up its
 * root folder or its rights. They write into a file that was mapped before (`shared.room`, see STREAM.md). As they grow,
 * they are copied from there into files of their own.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { headerBytes, readHeader } from '../../recording/decode';
import { openRegular, readAt } from './regularFile';

const chunkBytes = 64 * 1024;
const tableStart = 16;
const chunksMost = chunkBytes / 4 - tableStart / 4;

interface Copy {
  path: string;
  chunks: number[];
  /** Bytes from the beginning that are in the copy. */
  copied: number;
  /** The header that was copied last. */
  header: Buffer | undefined;
}

/** Owns open file handles: close it. */
export class SharedRoom {
  #fd: number | undefined;
  /** Chunks whose owners are known. */
  #known = 0;
  readonly #copies = new Map<number, Copy>();
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Copies what is new. Does nothing where there is no such file, or the folder cannot be written to. */
  unpack(): void {
    try {
      this.#fd ??= openRegular(join(this.#folder, 'shared.room'));
      this.#findChunks(this.#fd);
      for (const copy of this.#copies.values()) copyNew(this.#fd, copy);
    } catch {
      // There is no such file, or no copies can be made.
    }
  }

  /** `ended`: no process of the run is left that could use it. */
  close(ended: boolean): void {
    if (this.#fd !== undefined) {
      closeSync(this.#fd);
      if (ended && this.#known === 0) rmSync(join(this.#folder, 'shared.room'), { force: true });
    }
    this.#fd = undefined;
    this.#copies.clear();
  }

  #findChunks(fd: number): void {
    const taken = Math.min(readAt(fd, 4, 4).readUInt32LE(), chunksMost);
    if (taken === this.#known) return;
    const owners = readAt(fd, tableStart + 4 * this.#known, 4 * (taken - this.#known));
    for (let at = 0; at < owners.length; at += 4) {
      const owner = owners.readUInt32LE(at);
      // Taken, but its owner is not written yet.
      if (owner === 0) return;
      this.#copyOf(owner).chunks.push(this.#known++);
    }
  }

  #copyOf(recording: number): Copy {
    let copy = this.#copies.get(recording);
    if (!copy) {
      const path = join(this.#folder, `shared-${recording}.lsp`);
      // Removes the copy of an earlier reader, and a link without what it leads to.
      rmSync(path, { force: true });
      closeSync(openSync(path, 'wx', 0o600));
      copy = { path, chunks: [], copied: 0, header: undefined };
      this.#copies.set(recording, copy);
    }
    return copy;
  }
}

function copyNew(from: number, copy: Copy): void {
  const header = readAt(from, offsetOf(copy, 0), headerBytes);
  if (header.length < headerBytes || header[0] === 0) return;
  if (copy.header?.equals(header)) return;
  const { headerSize, committed } = readHeader(header);
  const end = Math.min(headerSize + committed, copy.chunks.length * chunkBytes);
  const into = openSync(copy.path, 'r+');
  try {
    while (copy.copied < end) {
      const length = Math.min(end - copy.copied, chunkBytes - (copy.copied % chunkBytes));
      const bytes = readAt(from, offsetOf(copy, copy.copied), length);
      if (bytes.length === 0) break;
      writeSync(into, bytes, 0, bytes.length, copy.copied);
      copy.copied += bytes.length;
    }
    // Written last, because the header says how many bytes follow.
    writeSync(into, header, 0, headerBytes, 0);
    copy.header = header;
  } finally {
    closeSync(into);
  }
}

function offsetOf(copy: Copy, position: number): number {
  const chunk = copy.chunks[Math.floor(position / chunkBytes)] ?? 0;
  return (chunk + 1) * chunkBytes + (position % chunkBytes);
}
