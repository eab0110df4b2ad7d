/**
 * `npm run animation`: docs/pictures/live.png, the moving picture of README.md. A program runs in VS Code, and figures come and grow
 * beside its lines. After `npm run package`, on a machine with nothing else to do: figures would come late. The frames are in
 * artifacts/screenshots, to look at one by one.
 */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import UPNG from 'upng-js';
import { Problem } from '../../scripts/vscode/process.mjs';
import { root } from './driver/package';
import { until } from './driver/until';
import { openVsCode } from './driver/vscode';
import { screenshot } from './driver/window';

const output = join(root, 'docs', 'pictures', 'live.png');
const limitBytes = 600_000;
const size = { width: 900, height: 570 };
const runS = 3;
const colors = 256;
/** How long the code stands there before the run, and the figures after it. */
const firstMs = 700;
const lastMs = 1600;
const program = `import json
import os
import time

text = "[" + "1299, " * 30_000 + "995]"


def total(prices):
    cents = 0
    for price in prices:
        if price > 1000:
            cents += price * 119 // 100
    return cents


def token(size):
    noise = os.urandom(1_000_000)
    return noise[:size].hex()


def main(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        prices = json.loads(text)
        prices.sort(key=str)
        token(8)
        print(total(prices))


main(${runS})
`;

interface Frame {
  /** When the window began to look like this, ms. */
  at: number;
  rgba: ArrayBuffer;
}

const vs = await openVsCode({
  files: { 'orders.py': program },
  settings: {
    // What memory adds to a line does not fit into this width.
    'lineheat.memory': false,
    'breadcrumbs.enabled': false,
    'editor.cursorBlinking': 'solid',
    'editor.fontSize': 13,
    'editor.occurrencesHighlight': 'off',
    'editor.renderLineHighlight': 'none',
    'editor.scrollbar.horizontal': 'hidden',
    'editor.scrollbar.vertical': 'hidden',
    'workbench.activityBar.location': 'hidden',
    'workbench.layoutControl.enabled': false,
    'window.title': '${activeEditorShort}',
  },
});
try {
  await vs.page.setViewportSize(size);
  await vs.open('orders.py');
  await vs.companion.ask((vscode) => {
    const empty = new vscode.Position(3, 0);
    const editor = vscode.window.activeTextEditor;
    if (!editor) throw new Error('No editor is active.');
    editor.selection = new vscode.Selection(empty, empty);
  }, null);
  await execute('workbench.action.closeSidebar');
  await execute('notifications.clearAll');
  await settled();
  const frames = await film();
  write(frames);
} finally {
  await vs.close();
}

/** The window before the run, and each time it looks different while the program runs: pictures with their times. */
async function film(): Promise<Frame[]> {
  const frames: Frame[] = [];
  const shoot = async (at = performance.now()) => {
    const number = String(frames.length).padStart(2, '0');
    const path = await screenshot(vs.page, `live-${number}`);
    const [rgba] = UPNG.toRGBA8(UPNG.decode(readFileSync(path)));
    if (!rgba) throw new Error(`${path} is an empty picture.`);
    const before = frames.at(-1);
    if (!before || !Buffer.from(before.rgba).equals(Buffer.from(rgba))) frames.push({ at, rgba });
  };
  await shoot();
  await execute('lineheat.profileFile');
  await until('there is a terminal', terminalIsShown, 30_000);
  await execute('workbench.action.closePanel');
  await until('the terminal has gone', async () => !(await terminalIsShown()), 10_000);
  await until('the program runs', async () => (await elapsedS()) > 0, 30_000);
  while ((await state()) !== 'idle') await shoot();
  const endedAt = performance.now();
  await execute('notifications.clearAll');
  await settled();
  await shoot(endedAt);
  return frames;
}

/** Writes the frames, each for as long as it was on the screen. */
function write(frames: readonly Frame[]): void {
  const delays = frames.map(({ at }, index) => {
    const next = frames[index + 1];
    if (index === 0) return firstMs;
    return next ? Math.round(next.at - at) : lastMs;
  });
  const { width, height } = size;
  const pictures = frames.map(({ rgba }) => rgba);
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, Buffer.from(UPNG.encode(pictures, width, height, colors, delays)));
  const bytes = statSync(output).size;
  const seconds = delays.reduce((sum, delay) => sum + delay, 0) / 1000;
  console.log(`${output}: ${frames.length} frames, ${seconds.toFixed(1)} s, ${bytes} bytes`);
  if (bytes > limitBytes) throw new Problem(`The picture is larger than ${limitBytes} bytes.`);
}

function execute(command: string): Promise<void> {
  return vs.companion.ask(async (vscode, name) => {
    await vscode.commands.executeCommand(name);
  }, command);
}

function state() {
  return vs.companion.lineheat((lineheat) => lineheat.runState(), null);
}

function elapsedS() {
  return vs.companion.lineheat((lineheat) => lineheat.runStatus()?.elapsedS ?? 0, null);
}

function terminalIsShown() {
  return vs.page.locator('.part.panel').isVisible();
}

/** Layouts move and tooltips go. */
function settled() {
  return new Promise((resolve) => setTimeout(resolve, 1500));
}
