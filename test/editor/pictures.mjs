/**
 * `npm run pictures`: the editor and the chart at three widths in three themes, for people to look at, in
 * artifacts/screenshots. After `npm run package`.
 */
import { join } from 'node:path';
import { closeCharts, openChart } from './driver/panel';
import { until } from './driver/until';
import { openVsCode, themes } from './driver/vscode';
import { screenshot } from './driver/window';

const widths = [600, 900, 1500];
const longLine = `total = sum(len(str(number)) + number % 7 for number in range(400_000) if number % 3 != 1 and str(number)[0] != "9")`;
const program = `import time


def squares(count):
    return [number * number for number in range(count)]


def work(rounds):
    kept = []
    for step in range(rounds):
        kept.append(len(squares(60_000)))
        ${longLine}
        time.sleep(0.02)
    return kept


if __name__ == "__main__":
    print(sum(work(12)))
`;

const vs = await openVsCode({ files: { 'work.py': program } });
try {
  await vs.open('work.py');
  await vs.companion.ask(async (vscode) => {
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    await vscode.commands.executeCommand('linescope.profileFile');
  }, null);
  await until(
    'the run has ended',
    () =>
      vs.companion.linescope(
        (linescope, path) =>
          linescope.runState() === 'idle' && linescope.annotations(path).length > 0,
        join(vs.folder, 'work.py'),
      ),
    120_000,
  );
  await vs.companion.ask(async (vscode) => {
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await vscode.commands.executeCommand('notifications.clearAll');
  }, null);
  for (const [theme, name] of Object.entries(themes)) {
    await vs.companion.ask(async (vscode, value) => {
      const { Global } = vscode.ConfigurationTarget;
      await vscode.workspace.getConfiguration('workbench').update('colorTheme', value, Global);
    }, name);
    for (const width of widths) {
      await vs.page.setViewportSize({ width, height: 820 });
      await closeCharts(vs);
      await settled();
      await screenshot(vs.page, `${theme}-${width}-editor`);
      await openChart(vs);
      await settled();
      await screenshot(vs.page, `${theme}-${width}-chart`);
    }
  }
} finally {
  await vs.close();
}

/** Themes fade in, and groups move. */
function settled() {
  return new Promise((resolve) => setTimeout(resolve, 1500));
}
