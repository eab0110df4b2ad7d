import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { asksForInput } from '../../../extension/run/asksInput';

/** Starts a program on a terminal of its own and says its process number. */
const starter = `import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.executable, [sys.executable, "-c", sys.argv[1]])
print(pid, flush=True)
time.sleep(60)
`;

async function inTerminal(program: string, check: (pid: number) => Promise<void>): Promise<void> {
  const child = spawn('python3', ['-c', starter, program], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    for await (const line of createInterface(child.stdout)) {
      await check(Number(line));
      break;
    }
  } finally {
    // Its terminal hangs up, and the program ends with it.
    child.kill('SIGKILL');
  }
}

async function soon(condition: () => Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + 15_000; Date.now() < end;) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

test.each(['input()', 'import readline; input()'])(
  '%s is recognized as waiting for terminal input',
  (program) =>
    inTerminal(program, async (pid) => {
      expect(await soon(() => asksForInput(pid))).toBe(true);
    }),
);

test('a program that sleeps or waits for the network is not waiting for terminal input', async () => {
  const network =
    'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); s.accept()';
  for (const program of ['import time; time.sleep(60)', network]) {
    await inTerminal(program, async (pid) => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      expect(await asksForInput(pid)).toBe(false);
    });
  }
});

test('a process that does not exist is not waiting for terminal input', async () => {
  expect(await asksForInput(4_999_999)).toBe(false);
});
