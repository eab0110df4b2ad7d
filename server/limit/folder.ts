/** The recordings in a run's folder, and how much of the disk they take. */
import { closeSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordingHeader } from '../../recording/records';
import { headerBytes, readHeader } from '../../recording/decode';
import { isAlive } from '../reading/processes';
import { frontExtension } from '../reading/recordingFront';
import { openRegular, readAt } from '../reading/regularFile';

const blockBytes = 512;
/** A process that records renews its heartbeat ten times a second; one that has not done so for this long has ended. */
const silentNs = 2e9;
/** Copies from the shared room: small, and made anew by each reader (sharedRoom.ts). */
const isCopy = /^shared-\d+\.lsp$/;

/** Ending of the file in which a recording or a front is written, before it replaces the old one. */
export const unfinishedExtension = '.new';
const unfinished = /\.lsp(\.front)?\.new$/;

/** A recording and its front. */
export interface OnDisk {
  path: string;
  /** Bytes of the disk that both take. */
  bytes: number;
}

/** All recordings of a folder, and what the whole folder takes. */
export function onDisk(folder: string): { recordings: OnDisk[]; bytes: number } {
  const recordings = new Map<string, OnDisk>();
  let total = 0;
  for (const name of readdirSync(folder)) {
    const bytes = bytesOf(join(folder, name));
    total += bytes;
    const recording = name.endsWith(frontExtension) ? name.slice(0, -frontExtension.length) : name;
    if (!recording.endsWith('.lsp') || isCopy.test(recording)) continue;
    const known = recordings.get(recording);
    if (known) known.bytes += bytes;
    else recordings.set(recording, { path: join(folder, recording), bytes });
  }
  return { recordings: [...recordings.values()], bytes: total };
}

/** Bytes of the disk that a recording and its front take. */
export function recordingBytes(path: string): number {
  return bytesOf(path) + bytesOf(`${path}${frontExtension}`);
}

/** Removes unfinished files, which stay when a process is killed while it makes a recording smaller. */
export function removeUnfinished(folder: string): void {
  try {
    for (const name of readdirSync(folder).filter((one) => unfinished.test(one))) {
      rmSync(join(folder, name), { force: true });
    }
  } catch {
    // Unfinished files only take space.
  }
}

/** The header of a recording; undefined while it has none. */
export function headerOf(path: string): RecordingHeader | undefined {
  try {
    const fd = openRegular(path);
    try {
      return readHeader(new Uint8Array(readAt(fd, 0, headerBytes)));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/**
 * Whether no process will write to a recording any more, so that another file may take its place. That it is closed does
 * not suffice: a process closes its recording before it calls exec, and goes on with it when the call fails.
 */
export function isOver(header: RecordingHeader, leastSilentNs = silentNs): boolean {
  const silent = Number(process.hrtime.bigint()) - header.heartbeatNs;
  return header.state === 'closed' && silent >= leastSilentNs && !isAlive(header);
}

function bytesOf(path: string): number {
  return (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * blockBytes;
}
