// `npm run test:electron [-- profile figures …]`: journeys of this folder, or all, in a desktop VS Code instead of code-server.
// VSCODE_EXECUTABLE names one; otherwise one is downloaded. Where neither is possible it says so and succeeds, unless
// VSCODE_VERSION says which version has to be tried.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  downloadAndUnzipVSCode,
  resolveCliPathFromVSCodeExecutablePath,
} from '@vscode/test-electron';
import { main, Problem, run, which } from '../../scripts/vscode/process.mjs';

const root = resolve(import.meta.dirname, '../..');
const version = process.env.VSCODE_VERSION;
const journeys = process.argv.slice(2).map((name) => `test/editor/${name}.test.ts`);

await main(async () => {
  const executable = await findExecutable();
  if (!executable) return;
  const display = process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY;
  const needsScreen = process.platform === 'linux' && !display;
  const xvfb = which('xvfb-run');
  if (needsScreen && !xvfb) {
    skip(
      'desktop VS Code needs a display and there is none. Install xvfb (`sudo apt-get install xvfb`) to run it without one.',
    );
    return;
  }
  if (!process.env.LINEHEAT_VSIX) {
    const packaged = await run('npm', ['run', '--silent', 'package'], { cwd: root });
    if (packaged.code !== 0) throw new Problem('Lineheat could not be packaged; see above.');
  }

  const vitest = [
    ...['vitest', 'run', '--root', '.', '--no-file-parallelism'],
    ...(journeys.length > 0 ? journeys : ['test/editor']),
    ...['--testTimeout=120000', '--hookTimeout=180000'],
  ];
  const screen = ['-a', '-s', '-screen 0 1600x1000x24'];
  const [command, args] =
    xvfb && needsScreen ? [xvfb, [...screen, 'npx', ...vitest]] : ['npx', vitest];
  const { code } = await run(command, args, {
    cwd: root,
    env: {
      ...process.env,
      LINEHEAT_EDITOR: 'desktop',
      VSCODE_EXECUTABLE: executable,
      VSCODE_CLI: resolveCliPathFromVSCodeExecutablePath(executable),
    },
  });
  return code;
});

/** Path of a desktop VS Code; null, having said why, when there is none to be had. */
async function findExecutable() {
  const named = process.env.VSCODE_EXECUTABLE;
  if (named) {
    if (existsSync(named)) return named;
    throw new Problem(`VSCODE_EXECUTABLE is ${named}, and there is no such file.`);
  }
  try {
    return await downloadAndUnzipVSCode({
      version: version ?? 'stable',
      cachePath: join(root, '.vscode-test'),
      timeout: 30_000,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    skip(
      `desktop VS Code could not be downloaded (${reason}). Set VSCODE_EXECUTABLE to an installed one to run these journeys.`,
    );
    return null;
  }
}

/** @param {string} reason */
function skip(reason) {
  if (version) throw new Problem(`VS Code ${version} was not tried: ${reason}`);
  console.log(`Skipped: ${reason}`);
}
