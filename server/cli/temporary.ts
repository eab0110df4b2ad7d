/** Where `lineheat run` records: a temporary folder, which its next start removes when this one was killed before it could. */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = 'lineheat-';
/** In the folder, while it is nobody's but the tool's: which process that is. */
const ownerFile = 'owner';
/** A folder that is being made has no owner for a moment; what has none is left alone. */
const folderName = /^lineheat-\w{6}$/;

export interface Temporary {
  path: string;
  /** The folder stays, for the user. */
  keep(): void;
  remove(): void;
}

/** Makes a folder, and removes those whose tool is gone. Throws the file system's error. */
export function makeTemporary(parent = tmpdir()): Temporary {
  removeLeft(parent);
  const path = mkdtempSync(join(parent, prefix));
  writeFileSync(join(path, ownerFile), ownerOf(process.pid) ?? '', { mode: 0o600 });
  return {
    path,
    keep: () => rmSync(join(path, ownerFile), { force: true }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

function removeLeft(parent: string): void {
  for (const name of list(parent).filter((one) => folderName.test(one))) {
    const path = join(parent, name);
    try {
      const info = lstatSync(path);
      const isOwn = info.isDirectory() && info.uid === process.getuid?.();
      if (isOwn && isLeft(path)) rmSync(path, { recursive: true, force: true });
    } catch {
      // Somebody else removes it, or it cannot be removed: it is no trouble.
    }
  }
}

/** Whether the tool that made a folder is gone, and everything that it had started. */
function isLeft(path: string): boolean {
  const owner = join(path, ownerFile);
  if (!lstatSync(owner).isFile()) return false;
  const [pid, began] = readFileSync(owner, 'utf8').split(' ');
  if (!pid || !began || ownerOf(Number(pid)) === `${pid} ${began}`) return false;
  const recorded = list(path)
    .flatMap((run) => list(join(path, run)))
    .map((file) => /^(\d+)(?:\.\d+)?\.lsp$/.exec(file)?.[1]);
  // The program may have outlived the tool. Its number may also be another's by now: then the folder stays a while.
  return recorded.every((process) => process === undefined || !ownerOf(Number(process)));
}

/** A process as nobody else is it: its number, and when it began. Undefined when it is gone. */
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
