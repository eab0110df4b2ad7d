// Opens a real VS Code with Lineheat installed from its .vsix, and a folder to work in.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { ensureCodeServer } from '../../../scripts/vscode/install.mjs';
import {
  installExtensions,
  quietSettings,
  startCodeServer,
  windowUrl,
  writeSettings,
} from '../../../scripts/vscode/launch.mjs';
import { connectCompanion, type Companion } from './companion';
import { launchDesktop } from './desktop';
import { installedExtensions, root, type TestExtension } from './package';
import { collectErrors } from './window';

export const themes = {
  dark: 'Default Dark Modern',
  light: 'Default Light Modern',
  'high-contrast': 'Default High Contrast',
} as const;
export type Theme = keyof typeof themes;

export interface Options {
  theme?: Theme;
  /** Added to the user settings. */
  settings?: Record<string, unknown>;
  /** Added to the environment of VS Code, and so of the terminals in it. */
  env?: Record<string, string>;
  /** Files to put into the folder, by name; the examples are there already. */
  files?: Record<string, string>;
  /** With a stand-in for the Python extension. */
  pythonExtension?: boolean;
  /** The folder is not trusted, and VS Code does not ask whether it should be. */
  untrusted?: boolean;
}

export interface VsCode {
  page: Page;
  companion: Companion;
  /** The opened folder: a copy of examples/ and Options.files. */
  folder: string;
  /** Errors of the window's scripts so far. */
  errors: string[];
  /** Everything VS Code logged that mentions Lineheat, and the extension host's own log. */
  logs(): string;
  /** Opens a file of the folder in the editor, as a double click in the explorer does. */
  open(name: string): Promise<void>;
  close(): Promise<void>;
}

const viewport = { width: 1400, height: 820 };

const untrustedSettings = {
  'security.workspace.trust.enabled': true,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
};

/** Opens VS Code on a fresh copy of the examples with fresh user data. Takes 5–15 s. */
export async function openVsCode(options: Options = {}): Promise<VsCode> {
  const state = mkdtempSync(join(tmpdir(), 'lineheat-editor-'));
  const folder = join(state, 'work');
  cpSync(join(root, 'examples'), folder, { recursive: true });
  for (const [name, text] of Object.entries(options.files ?? {}))
    await writeText(folder, name, text);

  const portFile = join(state, 'companion.json');
  const env = {
    LINEHEAT_COMPANION_PORT_FILE: portFile,
    LINEHEAT_TEST_API: '1',
    ...options.env,
  };
  writeSettings(state, {
    ...quietSettings,
    'workbench.colorTheme': themes[options.theme ?? 'dark'],
    'terminal.integrated.gpuAcceleration': 'off',
    'editor.minimap.enabled': false,
    'editor.stickyScroll.enabled': false,
    'window.commandCenter': false,
    ...(options.untrusted ? untrustedSettings : {}),
    ...options.settings,
  });
  const own: TestExtension[] = [
    'companion',
    ...(options.pythonExtension ? (['pythonExtension'] as const) : []),
  ];
  const target = { state, folder, env, own, trust: !options.untrusted };
  const opened =
    process.env['LINEHEAT_EDITOR'] === 'desktop'
      ? await launchDesktop({ ...target, viewport })
      : await launchBrowser(target);

  const { page } = opened;
  const errors = collectErrors(page);
  const companion = connectCompanion(portFile);
  const close = async (): Promise<void> => {
    await opened.close();
    rmSync(state, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await opened.show();
    await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    await companion.ready();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    page,
    companion,
    folder,
    errors,
    logs: () => readLogs(join(state, 'user-data', 'logs')),
    open: async (name) => {
      await companion.ask(
        async (vscode, path) => {
          await vscode.window.showTextDocument(vscode.Uri.file(path), { preview: false });
        },
        join(folder, name),
      );
      await page
        .locator(
          `.editor-group-container.active .tab.active[data-resource-name="${basename(name)}"]`,
        )
        .waitFor();
    },
    close,
  };
}

async function writeText(folder: string, name: string, text: string): Promise<void> {
  const { writeFile } = await import('node:fs/promises');
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  await writeFile(path, text);
}

async function launchBrowser(target: {
  state: string;
  folder: string;
  env: Record<string, string>;
  own: readonly TestExtension[];
  trust: boolean;
}): Promise<{ page: Page; show(): Promise<void>; close(): Promise<void> }> {
  const install = await ensureCodeServer();
  const extensions = await installedExtensions(target.own, (folder, vsix) =>
    installExtensions(install, { state: target.state, extensions: folder, vsix }),
  );
  const server = await startCodeServer(install, {
    state: target.state,
    extensions,
    env: target.env,
    trust: target.trust,
  });
  const browser = await chromium
    .launch({
      executablePath: chromiumPath(),
      args: [
        ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
        ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ],
    })
    .catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
  const page = await browser.newPage({ viewport });
  return {
    page,
    show: async () => {
      await page.goto(windowUrl(server.url, target.folder));
    },
    close: async () => {
      await browser.close();
      await server.stop();
    },
  };
}

function chromiumPath(): string {
  const candidates = [
    process.env['CHROMIUM'],
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  const found = candidates.find((path) => path && existsSync(path));
  if (!found) {
    throw new Error(
      'No Chromium to show VS Code in: `sudo apt-get install chromium`, or set CHROMIUM to the path of a Chromium or Chrome.',
    );
  }
  return found;
}

/** Extension-host and output-channel logs, each under its file name. */
function readLogs(folder: string): string {
  if (!existsSync(folder)) return '';
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => /(remoteexthost|exthost|Lineheat|lineheat)[^/]*\.log$/.test(name))
    .map((name) => {
      const lines = readFileSync(join(folder, name), 'utf8').split('\n');
      const ours = lines.filter((line) => !/_doActivateExtension (?!lineheat)/.test(line));
      return `--- ${name}\n${ours.join('\n')}`;
    })
    .join('\n');
}
