import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeTemporary } from '../../../../server/cli/temporary';

let parent: string;
beforeEach(() => (parent = mkdtempSync(join(tmpdir(), 'lineheat-parent-'))));
afterEach(() => rmSync(parent, { recursive: true, force: true }));

/** A folder as a tool left it that was killed. */
function left(name: string, owner: string, recording?: string): string {
  const path = join(parent, name);
  mkdirSync(join(path, 'run'), { recursive: true });
  writeFileSync(join(path, 'owner'), owner);
  if (recording) writeFileSync(join(path, 'run', recording), '');
  return path;
}

/** A process that is gone. */
const gone = `${spawnSync('true').pid} 1`;

test('the next start removes what a killed tool left behind, and nothing else', () => {
  const dead = left('lineheat-aaaaaa', gone, '4999999.lsp');
  const reused = left('lineheat-bbbbbb', `${process.pid} 1`);
  const recording = left('lineheat-cccccc', gone, `${process.pid}.1.lsp`);
  const foreign = left('lineheat-other', gone);
  const kept = join(parent, 'lineheat-dddddd');
  mkdirSync(kept);
  const target = mkdtempSync(join(parent, 'target-'));
  writeFileSync(join(target, 'owner'), gone);
  symlinkSync(target, join(parent, 'lineheat-eeeeee'));

  const first = makeTemporary(parent);
  expect([dead, reused].map(existsSync)).toEqual([false, false]);
  expect([recording, foreign, kept, target].map(existsSync)).toEqual([true, true, true, true]);
  // Of a tool that is alive.
  const second = makeTemporary(parent);
  expect(existsSync(first.path)).toBe(true);
  first.keep();
  expect(readdirSync(first.path)).toEqual([]);
  second.remove();
  expect(existsSync(second.path)).toBe(false);
});
