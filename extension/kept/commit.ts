/** Reads from git's files what is checked out. Starting git would take longer, and it may not be installed. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';

export interface Head {
  commit: string;
  branch?: string;
}

const commitName = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** HEAD of the repository that a folder is in; undefined where there is none, or nothing was committed yet. */
export async function readHead(folder: string): Promise<Head | undefined> {
  const git = await gitFolder(folder);
  if (git === undefined) return undefined;
  const head = await read(path.join(git, 'HEAD'));
  if (commitName.test(head)) return { commit: head };
  const ref = /^ref: (refs\/.+)$/.exec(head)?.[1];
  if (ref === undefined) return undefined;
  // A worktree has a HEAD of its own and shares its branches with the repository.
  const shared = await read(path.join(git, 'commondir'));
  const common = shared === '' ? git : path.resolve(git, shared);
  const loose = await read(path.join(common, ref));
  const commit = commitName.test(loose) ? loose : await packed(common, ref);
  return commit === undefined ? undefined : { commit, branch: ref.replace(/^refs\/heads\//, '') };
}

async function gitFolder(start: string): Promise<string | undefined> {
  for (let at = start; ; at = path.dirname(at)) {
    const place = path.join(at, '.git');
    const info = await fs.stat(place).catch(() => undefined);
    if (info?.isDirectory()) return place;
    if (info?.isFile()) {
      const target = /^gitdir: (.+)$/.exec(await read(place))?.[1];
      return target === undefined ? undefined : path.resolve(at, target);
    }
    if (path.dirname(at) === at) return undefined;
  }
}

async function packed(common: string, ref: string): Promise<string | undefined> {
  const lines = (await read(path.join(common, 'packed-refs'))).split('\n');
  const commit = lines.find((line) => line.endsWith(` ${ref}`))?.split(' ')[0];
  return commit !== undefined && commitName.test(commit) ? commit : undefined;
}

/** Empty when there is no such file. */
async function read(file: string): Promise<string> {
  return (await fs.readFile(file, 'utf8').catch(() => '')).trim();
}
