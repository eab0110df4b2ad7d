/** Whether a program waits for somebody to type, by what the kernel says of its main thread. */
import * as fs from 'node:fs/promises';

/** By processor, the kernel's numbers of the system calls in which a Python program waits for a line. */
const calls: { [arch: string]: { read: string; pselect6: string } } = {
  x64: { read: '0', pselect6: '270' },
  arm64: { read: '63', pselect6: '72' },
};

/** How often a program is looked at. */
const lookMs = 400;

/**
 * True when a process waits in a read from its terminal, and for nothing else. False where the kernel does not tell: with
 * Yama, only a parent may look.
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

/** Looks at a program again and again, and calls back once, when it asks at two looks in a row. */
export class InputWatch {
  readonly #pid: number;
  readonly #onAsks: () => void;
  #timer: NodeJS.Timeout | undefined;
  #askedBefore = false;
  #isDisposed = false;

  constructor(pid: number, onAsks: () => void) {
    this.#pid = pid;
    this.#onAsks = onAsks;
    this.#lookSoon();
  }

  #lookSoon(): void {
    this.#timer = setTimeout(() => void this.#look(), lookMs);
  }

  async #look(): Promise<void> {
    const asks = await asksForInput(this.#pid);
    if (this.#isDisposed) return;
    if (asks && this.#askedBefore) {
      this.#onAsks();
      return;
    }
    this.#askedBefore = asks;
    this.#lookSoon();
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
  }
}
