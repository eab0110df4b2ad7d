/** Frees the disk space of a part of a file. Node has no call for that, so a program of util-linux does it. */
import { execFile } from 'node:child_process';

/** The part reads as zeros from then on. Throws one sentence where that is not possible. */
export function punchHole(path: string, offset: number, length: number): Promise<void> {
  const args = ['--punch-hole', '--offset', String(offset), '--length', String(length), path];
  return new Promise((done, fail) => {
    execFile('fallocate', args, { timeout: 60_000 }, (error, _, stderr) => {
      if (!error) done();
      else if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        fail(new Error('the program fallocate of util-linux is not there'));
      } else fail(new Error(stderr.trim().replace(/^fallocate: /, '') || error.message));
    });
  });
}
