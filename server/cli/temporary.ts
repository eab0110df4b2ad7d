/** The temporary folder of `lineheat run`. Where the tool is killed before it can remove it, the next start does. */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = 'lineheat-';
/** A file in the folder that names the process of the tool, until the folder is kept for the user. */
const ownerFile = 'owner';
const folderName = /^lineheat-\w{6}$/;

export interface Temporary {
  path: string;
  /** The folder stays, for the user. */
  keep(): void;
  remove(): void;
}

/** Makes a folder, and removes those of tools that were killed. Throws the file system's error. */
export function makeTemporary(parent = tmpdir()): Temporary {
  removeAbandoned(parent);
  const path = mkdtempSync(join(parent, prefix));
  writeFileSync(join(path, ownerFile), ownerOf(process.pid) ?? '', { mode: 0o600 });
  return {
    path,
    keep: () => rmSync(join(path, ownerFile), { force: true }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

function removeAbandoned(parent: string): void {
  for (const name of list(parent).filter((one) => folderName.test(one))) {
    const path = join(parent, name);
    try {
      const info = lstatSync(path);
      const isOwn = info.isDirectory() && info.uid === process.getuid?.();
      if (isOwn && isAbandoned(path)) rmSync(path, { recursive: true, force: true });
    } catch {
      // Another process removes it at the same time, or it cannot be removed: neither does harm.
    }
  }
}

/** Whether the tool that made a folder is gone, with everything that it had started. A folder without owner is kept. */
function isAbandoned(path: string): boolean {
  const owner = join(path, ownerFile);
  if (!lstatSync(owner).isFile()) return false;
  const [pid, began] = readFileSync(owner, 'utf8').split(' ');
  if (!pid || !began || ownerOf(Number(pid)) === `${pid} ${began}`) return false;
  const recorded = list(path)
    .flatMap((run) => list(join(path, run)))
    .map((file) => /^(\d+)(?:\.\d+)?\.lsp$/.exec(file)?.[1]);
  // The program may have outlived the tool. Where its id is that of another process by now, the folder stays a while.
  return recorded.every((process) => process === undefined || !ownerOf(Number(process)));
}

/** A unique name of a process: its id, and when it began. Undefined when it is gone. */
function ownerOf(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
    return `${pid} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
