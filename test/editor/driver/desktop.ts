// The same window, but a desktop VS Code driven through Electron. Used by test/editor/electron.mjs.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { _electron, type Page } from 'playwright-core';
import { installedExtensions, type TestExtension } from './package';

/** Starts VSCODE_EXECUTABLE with its own user data and the given extensions. */
export async function launchDesktop(target: {
  state: string;
  folder: string;
  env: Record<string, string>;
  own: readonly TestExtension[];
  trust: boolean;
  viewport: { width: number; height: number };
}): Promise<{ page: Page; show(): Promise<void>; close(): Promise<void> }> {
  const executablePath = process.env['VSCODE_EXECUTABLE'];
  const cli = process.env['VSCODE_CLI'];
  if (!executablePath || !cli) {
    throw new Error('VSCODE_EXECUTABLE and VSCODE_CLI are not set: run `npm run test:electron`.');
  }
  const userData = `--user-data-dir=${join(target.state, 'user-data')}`;
  // Chromium's sandbox refuses to start as root, and as anybody where user namespaces are restricted, as on Ubuntu.
  const noSandbox = ['--no-sandbox'];
  const env = { ...cleanEnvironment(), ...target.env };
  const extensions = await installedExtensions(target.own, async (folder, vsix) => {
    const install = vsix.flatMap((file) => ['--install-extension', file]);
    const profile = [userData, `--extensions-dir=${folder}`, ...noSandbox];
    execFileSync(cli, [...profile, '--force', ...install], { env });
  });
  const application = await _electron.launch({
    executablePath,
    args: [
      userData,
      `--extensions-dir=${extensions}`,
      ...noSandbox,
      ...['--disable-gpu', '--disable-updates'],
      ...(target.trust ? ['--disable-workspace-trust'] : []),
      ...['--skip-welcome', '--skip-release-notes', '--disable-telemetry', '--new-window'],
      target.folder,
    ],
    env,
  });
  const page = await application.firstWindow();
  return {
    page,
    show: () => page.setViewportSize(target.viewport),
    close: () => application.close(),
  };
}

/** Without what a surrounding VS Code or vitest put there. */
function cleanEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined &&
        !/^(VSCODE_(?!EXECUTABLE)|ELECTRON_RUN_AS_NODE$|npm_|VITEST|NODE_ENV$|NODE_OPTIONS$)/.test(
          entry[0],
        ),
    ),
  );
}
