/**
 * `npm run pictures`: a program while it runs and once it has ended, at three widths in three themes, for people to look at, in
 * artifacts/screenshots. After `npm run package`. Fails where code moves because figures come.
 */
import { join } from 'node:path';
import { lineBox } from './driver/editorView';
import { closeCharts, openChart, view } from './driver/panel';
import { until } from './driver/until';
import { openVsCode, themes } from './driver/vscode';
import { screenshot } from './driver/window';

/** By width, the height: over the terminal there is room for the chart below the code in the last one only. */
const sizes = { 600: 820, 900: 820, 1500: 1000 };
const runS = 5;
const longLine = `total = sum(len(str(number)) + number % 7 for number in range(60_000) if number % 3 != 1 and str(number)[0] != "9")`;
const program = `import json
import time


def squares(count):
    return [number * number for number in range(count)]


def work(seconds):
    until = time.perf_counter() + seconds
    kept = []
    while time.perf_counter() < until:
        kept.append(len(squares(40_000)))
        ${longLine}
        json.dumps(list(range(60_000)))
        time.sleep(0.02)
    return kept


print(len(work(${runS})))
`;
const lineCount = program.split('\n').length - 1;

const vs = await openVsCode({ files: { 'work.py': program } });
const path = join(vs.folder, 'work.py');
try {
  await vs.open('work.py');
  await execute('workbench.action.closeSidebar');
  for (const [theme, name] of Object.entries(themes)) {
    await vs.companion.ask(async (vscode, value) => {
      const { Global } = vscode.ConfigurationTarget;
      await vscode.workspace.getConfiguration('workbench').update('colorTheme', value, Global);
    }, name);
    for (const [width, height] of Object.entries(sizes)) {
      await film(`${theme}-${width}`, { width: Number(width), height });
    }
  }
} finally {
  await vs.close();
}

/** A run from its first figures to its end, with the chart below the code, then the code alone. */
async function film(name: string, size: { width: number; height: number }): Promise<void> {
  await closeCharts(vs);
  await execute('lineheat.clear');
  await vs.page.setViewportSize(size);
  await settled();
  const before = await codePlaces();
  await execute('lineheat.profileFile');
  await execute('workbench.action.closePanel');
  await until('there are figures', async () => (await figures()) > 0, 30_000);
  await vs.companion.ask((vscode) => {
    // Waiting for it would mean waiting for the chart to have everything.
    void vscode.commands.executeCommand('lineheat.showFlameChart');
  }, null);
  await picture(`${name}-1-begins`, before);
  await until('it has run for two seconds', async () => (await elapsedS()) >= 2, 30_000);
  await picture(`${name}-2-running`, before);
  await until('the run has ended', async () => (await state()) === 'idle', 60_000);
  await openChart(vs);
  await execute('notifications.clearAll');
  await settled();
  await picture(`${name}-3-ended`, before);
  // Who has touched nothing sees all of the run.
  if (!(await view(vs.page))?.following) throw new Error(`${name}: the chart has not followed`);
  await closeCharts(vs);
  await execute('workbench.action.closePanel');
  await settled();
  await picture(`${name}-4-alone`, before);
}

async function picture(name: string, before: ReadonlyMap<number, string>): Promise<void> {
  const now = await codePlaces();
  for (const [line, place] of now) {
    const was = before.get(line);
    if (was && was !== place) {
      throw new Error(`${name}: line ${line} has moved from ${was} to ${place}`);
    }
  }
  await screenshot(vs.page, `film-${name}`);
}

/** Where the code of each line in sight stands, as far down as the editor shows. */
async function codePlaces(): Promise<Map<number, string>> {
  const places = new Map<number, string>();
  for (let line = 1; line <= lineCount; line++) {
    const box = await lineBox(vs.page, line).catch(() => undefined);
    if (box) places.set(line, `${box.x}, ${box.y}`);
  }
  return places;
}

function execute(command: string): Promise<void> {
  return vs.companion.ask(async (vscode, name) => {
    await vscode.commands.executeCommand(name);
  }, command);
}

function figures() {
  return vs.companion.lineheat((lineheat, file) => lineheat.annotations(file).length, path);
}

function elapsedS() {
  return vs.companion.lineheat((lineheat) => lineheat.runStatus()?.elapsedS ?? 0, null);
}

function state() {
  return vs.companion.lineheat((lineheat) => lineheat.runState(), null);
}

/** Themes fade in, and groups move. */
function settled() {
  return new Promise((resolve) => setTimeout(resolve, 1500));
}
