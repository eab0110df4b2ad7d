/** The recordings in a run's folder, and how much of the disk they take. */
import { closeSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordingHeader } from '../../recording/records';
import { headerBytes, readHeader } from '../../recording/decode';
import { isAlive } from '../reading/processes';
import { frontExtension } from '../reading/recordingFront';
import { openRegular, readAt } from '../reading/regularFile';

const blockBytes = 512;
/** A process that lives says so ten times a second. */
const silentNs = 2e9;
/** Copies of what is in the shared room, which is small and is copied again by whoever reads it. */
const isCopy = /^shared-\d+\.lsp$/;

/** What a recording or a front is made in before it takes its place. */
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
  let all = 0;
  for (const name of readdirSync(folder)) {
    const bytes = bytesOf(join(folder, name));
    all += bytes;
    const recording = name.endsWith(frontExtension) ? name.slice(0, -frontExtension.length) : name;
    if (!recording.endsWith('.lsp') || isCopy.test(recording)) continue;
    const known = recordings.get(recording);
    if (known) known.bytes += bytes;
    else recordings.set(recording, { path: join(folder, recording), bytes });
  }
  return { recordings: [...recordings.values()], bytes: all };
}

/** Bytes of the disk that a recording and its front take. */
export function recordingBytes(path: string): number {
  return bytesOf(path) + bytesOf(`${path}${frontExtension}`);
}

/** Removes what somebody left behind who was killed while making a recording smaller. */
export function removeUnfinished(folder: string): void {
  try {
    for (const name of readdirSync(folder).filter((one) => unfinished.test(one))) {
      rmSync(join(folder, name), { force: true });
    }
  } catch {
    // It only takes room.
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
 * Whether nobody will write to a recording any more, so that another file may take its place. One that was closed is opened
 * again when a call of exec fails.
 */
export function isOver(header: RecordingHeader, leastSilentNs = silentNs): boolean {
  const silent = Number(process.hrtime.bigint()) - header.heartbeatNs;
  return header.state === 'closed' && silent >= leastSilentNs && !isAlive(header);
}

function bytesOf(path: string): number {
  return (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * blockBytes;
}
