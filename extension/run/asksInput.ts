/** Whether a program waits for somebody to type, as the kernel knows it. */
import * as fs from 'node:fs/promises';

/** The kernel's numbers of the calls a Python program waits for a line with, by processor. */
const calls: { [arch: string]: { read: string; pselect6: string } } = {
  x64: { read: '0', pselect6: '270' },
  arm64: { read: '63', pselect6: '72' },
};

/** How often a program is looked at. */
const lookMs = 400;

/**
 * True when a process waits in a read from its terminal, and for nothing else. Where the kernel does not tell (Yama lets
 * only a parent look), it is false.
 */
export async function asksForInput(pid: number, arch = process.arch): Promise<boolean> {
  const names = calls[arch];
  if (!names) return false;
  try {
    const [call, first] = (await fs.readFile(`/proc/${pid}/syscall`, 'utf8')).split(' ');
    // input() reads descriptor 0; with the readline module it waits in a select of descriptor 0 alone.
    const isWaiting =
      (call === names.read && first === '0x0') || (call === names.pselect6 && first === '0x1');
    return isWaiting && (await fs.readlink(`/proc/${pid}/fd/0`)).startsWith('/dev/pts/');
  } catch {
    return false;
  }
}

/** Calls back once, when the program is seen to ask at two looks in a row. Stops looking when it is disposed of. */
export function onceItAsks(pid: number, listener: () => void): { dispose(): void } {
  let asked = false;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const look = async (): Promise<void> => {
    const asks = await asksForInput(pid);
    if (isOver) return;
    if (asks && asked) {
      listener();
      return;
    }
    asked = asks;
    timer = setTimeout(() => void look(), lookMs);
  };
  timer = setTimeout(() => void look(), lookMs);
  return {
    dispose: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
