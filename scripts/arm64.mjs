// `node scripts/arm64.mjs`: what it takes to run arm64 programs on this machine: Debian's own Pythons for arm64 in the
// cache, and QEMU's user mode emulation, which translates one program and leaves the rest to this machine's kernel.
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebian } from './debian.mjs';
import { cacheFolder } from './vscode/install.mjs';
import { isStarted, main, Problem, run, tail, which } from './vscode/process.mjs';

/** Which Debian release has which Python 3 minor version. */
const releases = new Map([
  [9, 'bullseye'],
  [11, 'bookworm'],
  [13, 'trixie'],
]);
/** The Python 3 minor versions that ensureArm64Pythons fetches. */
export const arm64Minors = [...releases.keys()];
const emulator = 'qemu-aarch64-static';
const compiler = 'aarch64-linux-gnu-gcc';

/** What this machine lacks to build for arm64 and run it, as one sentence; undefined when it lacks nothing. */
export function arm64Missing() {
  const packages = [];
  if (!which(compiler)) packages.push('gcc-aarch64-linux-gnu', 'libc6-dev-arm64-cross');
  if (!which(emulator)) packages.push('qemu-user-static');
  if (packages.length === 0) return undefined;
  return `Building for arm64 and running it here takes ${packages.join(', ')} (\`sudo apt-get install ${packages.join(' ')}\`).`;
}

/**
 * Makes sure that the Pythons are in the cache (about 20 MB to download each, the first time).
 * @param {(line: string) => void} say
 * @returns {Promise<{minor: number, root: string, python: string}[]>}
 */
export async function ensureArm64Pythons(say = console.log) {
  const pythons = [];
  for (const [minor, release] of releases) {
    const root = join(cacheFolder(), 'arm64', `3.${minor}`);
    const python = join(root, 'usr', 'bin', `python3.${minor}`);
    if (!existsSync(join(root, 'complete'))) {
      say(`Fetching Python 3.${minor} for arm64 from Debian ${release}, once …`);
      await install(minor, release, root);
    }
    pythons.push({ minor, root, python });
  }
  return pythons;
}

/**
 * The command that runs an arm64 program here.
 * @param {string} root where its libraries are
 * @param {Record<string, string>} env what the program is to find in its environment beside ours; LD_PRELOAD would
 *   otherwise be taken by the emulator itself.
 * @param {string[]} words the program and its arguments
 * @returns {[command: string, ...args: string[]]}
 */
export function arm64Command(root, env, words) {
  const settings = Object.entries(env).flatMap(([name, value]) => ['-E', `${name}=${value}`]);
  // The processor's own way to sign return addresses takes QEMU several times as long as all the rest of a program.
  return [emulator, '-cpu', 'max,pauth-impdef=on', '-L', root, ...settings, ...words];
}

/**
 * @param {number} minor
 * @param {string} suite
 * @param {string} root
 */
async function install(minor, suite, root) {
  const partial = `${root}.${process.pid}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    await unpackDebian({
      suite,
      architecture: 'arm64',
      packages: [`python3.${minor}`],
      into: partial,
    });
    // Newer releases have this link in a package of their own, and programs name their loader through it.
    if (!existsSync(join(partial, 'lib'))) symlinkSync('usr/lib', join(partial, 'lib'));
    const words = [join(partial, 'usr', 'bin', `python3.${minor}`), '-I', '-c', 'import threading'];
    const [command, ...args] = arm64Command(partial, {}, words);
    const { code, output } = await run(command, args, { quiet: true, timeoutMs: 60_000 });
    if (code !== 0) {
      throw new Problem(
        `Python 3.${minor} for arm64 does not run here (exit ${code}):\n${tail(output, 5)}`,
      );
    }
    writeFileSync(join(partial, 'complete'), '');
    rmSync(root, { recursive: true, force: true });
    renameSync(partial, root);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

if (isStarted(import.meta.url)) {
  await main(async () => {
    const missing = arm64Missing();
    if (missing !== undefined) throw new Problem(missing);
    for (const { python } of await ensureArm64Pythons()) console.log(python);
  });
}
