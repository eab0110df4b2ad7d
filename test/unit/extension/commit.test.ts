// git is not started to learn what is checked out; here it says whether what was read is right.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readHead } from '../../../extension/kept/commit';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'lineheat-commit-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false'];
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', [...identity, ...args], { cwd: folder, env, stdio: 'pipe' })
    .toString()
    .trim();
}

test('HEAD is read on a branch, with packed refs, in a separate worktree, and detached', async () => {
  git('init', '-q', '-b', 'feature/one');
  expect(await readHead(folder)).toBeUndefined();
  git('commit', '-q', '--allow-empty', '-m', 'first');
  const commit = git('rev-parse', 'HEAD');
  const head = { commit, branch: 'feature/one' };
  const deep = join(folder, 'a', 'b');
  mkdirSync(deep, { recursive: true });
  expect(await readHead(deep)).toEqual(head);
  git('pack-refs', '--all');
  expect(await readHead(deep)).toEqual(head);
  git('worktree', 'add', '-q', '-b', 'two', join(folder, 'tree'));
  expect(await readHead(join(folder, 'tree'))).toEqual({ commit, branch: 'two' });
  git('checkout', '-q', '--detach');
  expect(await readHead(folder)).toEqual({ commit });
});

test('a folder outside a repository, or with a broken one, has no commit', async () => {
  expect(await readHead(folder)).toBeUndefined();
  mkdirSync(join(folder, '.git'));
  writeFileSync(join(folder, '.git', 'HEAD'), 'ref: refs/heads/.invalid\n');
  expect(await readHead(folder)).toBeUndefined();
});
