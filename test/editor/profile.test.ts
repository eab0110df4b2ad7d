// The first minutes with Lineheat: profile a file, watch, hover, look at the flame chart, edit.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { caretFromEnd, goToEnd, hoverText } from './driver/editorView';
import {
  annotated,
  ended,
  keepEvidence,
  ledger,
  lineOf,
  messages,
  profile,
} from './driver/lineheat';
import { clickFrame, settledFrame, view } from './driver/panel';
import { until } from './driver/until';
import { openVsCode, type VsCode } from './driver/vscode';
import { command, notifications, pick, screenshot, statusBar, terminalText } from './driver/window';

/** Writes down when it starts, then is busy long enough to be watched. */
const live = `import time

with open("started", "w") as file:
    file.write(repr(time.time()))


def spin(seconds):
    end = time.process_time() + seconds
    total = 0
    while time.process_time() < end:
        for number in range(5000):
            total += number * number
    return total


def sort(seconds):
    values = [(number * 7919) % 100003 for number in range(100000)]
    end = time.process_time() + seconds
    while time.process_time() < end:
        sorted(values)


spin(3)
sort(3)
print("done")
`;

let vs: VsCode;
beforeAll(async () => {
  vs = await openVsCode({ files: { 'live.py': live } });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'profile');
});
afterAll(() => vs?.close());

test('one click profiles the file, and annotations appear while the program runs', async () => {
  const activation = await vs.companion.lineheat((lineheat) => lineheat.activationMs, null);
  console.log(`activation: ${activation.toFixed(0)} ms`);
  expect(activation).toBeLessThan(500);

  const before = (await messages(vs)).length;
  const startedFile = join(vs.folder, 'started');
  await profile(vs, 'live.py');
  await until(
    'the program starts',
    () => existsSync(startedFile) && readFileSync(startedFile, 'utf8'),
  );
  const hot = lineOf(live, 'total += number * number');
  await annotated(vs, 'the hot line is annotated', (lines) =>
    lines.some(({ line }) => line === hot),
  );
  const seconds = Date.now() / 1000 - Number(readFileSync(startedFile, 'utf8'));
  console.log(`first annotation: ${seconds.toFixed(2)} s after the program started`);
  expect((await messages(vs)).length, 'the program is still running').toBe(before);

  const early = await ledger(vs, 'live.py');
  await until('the status bar counts samples', async () =>
    (await statusBar(vs.page)).find((text) => /live\.py · .* samples/.test(text)),
  );
  await screenshot(vs.page, 'dark-running');
  await until('the figures move', async () => {
    const now = await ledger(vs, 'live.py');
    return JSON.stringify(now) !== JSON.stringify(early);
  });

  const message = await ended(vs, before);
  expect(message.severity).toBe('information');
  expect(message.text).toMatch(/^live\.py ended after .*CPU.*samples/);
  // Who has watched the run is not interrupted by a message.
  await until('the status bar says how it went', async () =>
    (await statusBar(vs.page)).some((text) => text.includes('live.py ended after')),
  );
  expect(await notifications(vs.page)).toEqual([]);
  expect(await terminalText(vs.page)).toContain('done');
});

test('the figures show where the time went, and which kind of time', async () => {
  const spin = lineOf(live, 'total += number * number');
  const sort = lineOf(live, 'sorted(values)');
  const lines = await annotated(vs, 'both hot lines are annotated', (drawn) =>
    [spin, sort].every((line) => drawn.some((shown) => shown.line === line)),
  );
  const at = (line: number) => lines.find((shown) => shown.line === line)!;
  console.log(lines.map(({ line, after }) => `${line}: ${after}`).join('\n'));
  expect(at(spin).after).toMatch(/\d s +\d+(\.\d)? %.*python/);
  expect(at(sort).after).toMatch(/\d s +\d+(\.\d)? %.*native/);
  expect(at(sort).image).toContain('image/svg+xml');
  expect(at(sort).gutter).toBe(true);
  expect(lines.filter(({ before }) => before)).toEqual([]);

  const share = (line: number) => Number(/([\d.]+) %/.exec(at(line).after)?.[1]);
  expect(share(sort)).toBeGreaterThan(35);
  expect(share(sort)).toBeLessThan(60);

  const expected = await ledger(vs, 'live.py');
  for (const { line, after } of lines) {
    const drawn = expected.find((entry) => entry.line === line);
    expect(after.trim()).toBe(drawn?.text.trim());
  }
});

test('the caret at the end of an annotated line is at the end of the code', async () => {
  for (const piece of ['total += number * number', 'sorted(values)']) {
    await goToEnd(vs.page, lineOf(live, piece));
    await until(
      'the caret is behind the last character',
      async () => Math.abs(await caretFromEnd(vs.page)) < 2,
    );
  }
  await screenshot(vs.page, 'dark-caret');
});

test('the hover of a line explains its figures', async () => {
  const text = await hoverText(vs.page, lineOf(live, 'sorted(values)'));
  console.log(text);
  expect(text).toMatch(/self/i);
  expect(text).toMatch(/total/i);
  expect(text).toMatch(/native/i);
  expect(text).toMatch(/samples/);
  await screenshot(vs.page, 'dark-hover');
});

test('another metric is shown without a new run', async () => {
  const sort = lineOf(live, 'sorted(values)');
  const choose = async (name: string): Promise<void> => {
    await command(vs.page, 'Lineheat: Select Metric…');
    await pick(vs.page, name);
  };
  await choose('Native');
  const lines = await annotated(vs, 'native time leads', (drawn) =>
    drawn.some(({ line, after }) => line === sort && Number(/([\d.]+) %/.exec(after)?.[1]) > 80),
  );
  console.log(lines.map(({ line, after }) => `${line}: ${after}`).join('\n'));
  await choose('CPU');
  await annotated(vs, 'CPU time leads again', (drawn) =>
    drawn.some(({ line, after }) => line === sort && Number(/([\d.]+) %/.exec(after)?.[1]) < 60),
  );
});

test('compact figures show only value and share', async () => {
  const switched = 'Lineheat: Switch between Full and Compact Figures';
  await command(vs.page, switched);
  await annotated(vs, 'no bar and no split', (drawn) =>
    drawn.every(({ after, image }) => /^ *[\d.]+ m?s +[\d.]+ %$/.test(after) && image === ''),
  );
  await screenshot(vs.page, 'dark-compact');
  await command(vs.page, switched);
  await annotated(vs, 'bars again', (drawn) => drawn.every(({ image }) => image !== ''));
});

test('a run that was cleared opens again', async () => {
  await command(vs.page, 'Lineheat: Clear Annotations');
  await annotated(vs, 'nothing is annotated', (lines) => lines.length === 0);
  await command(vs.page, 'Lineheat: Open Last Run');
  await annotated(vs, 'the annotations are back', (lines) => lines.length >= 2);
});

test('annotations survive a change of tabs', async () => {
  await vs.open('calls.py');
  await annotated(vs, 'the other file has none', (lines) => lines.length === 0);
  await vs.open('live.py');
  await annotated(vs, 'they are back', (lines) => lines.length >= 2);
});

test('a folded function shows its total on the line that stays visible', async () => {
  const header = lineOf(live, 'def spin(seconds):');
  const body = lineOf(live, 'total += number * number');
  const fold = (id: string) =>
    vs.companion.ask(
      async (vscode, [command, line]) => {
        await vscode.commands.executeCommand(command, { selectionLines: [line], levels: 1 });
      },
      [id, header - 1] as const,
    );
  await fold('editor.fold');
  const folded = await annotated(vs, 'the total', (lines) =>
    lines.some(({ line, after }) => line === header && /\d s .* whole function/.test(after)),
  );
  expect(folded.some(({ line }) => line === body)).toBe(false);
  await screenshot(vs.page, 'dark-folded');
  await fold('editor.unfold');
  await annotated(
    vs,
    'the lines themselves',
    (lines) =>
      lines.some(({ line }) => line === body) &&
      !lines.some(({ after }) => after.includes('whole function')),
  );
});

test('the next hot line is one command away', async () => {
  const cursor = () =>
    vs.companion.ask(
      (vscode) => (vscode.window.activeTextEditor?.selection.active.line ?? -1) + 1,
      null,
    );
  await vs.page.locator('.editor-group-container.active .view-lines').click();
  const from = await cursor();
  await command(vs.page, 'Lineheat: Go to Next Hot Line');
  const hot = [lineOf(live, 'total += number * number'), lineOf(live, 'sorted(values)')];
  await until('the cursor is on a hot line', async () => {
    const now = await cursor();
    return (
      now !== from &&
      (hot.includes(now) || (await ledger(vs, 'live.py')).some(({ line }) => line === now))
    );
  });
});

test('a frame of the flame chart leads to its line', async () => {
  await command(vs.page, 'Lineheat: Show Flame Chart');
  const frame = await settledFrame(vs, 'sort');
  await screenshot(vs.page, 'dark-flame-chart');
  await clickFrame(vs.page, frame);
  const shown = () =>
    vs.companion.ask((vscode) => {
      const editor = vscode.window.visibleTextEditors.find(({ document }) =>
        document.uri.path.endsWith('live.py'),
      );
      return {
        line: (editor?.selection.active.line ?? -1) + 1,
        changed: editor?.document.isDirty ?? true,
      };
    }, null);
  await until('the line of the frame is shown', async () => (await shown()).line === frame.line);
  const keyboardIn = async (selector: string) =>
    vs.page.evaluate((wanted) => Boolean(document.activeElement?.closest(wanted)), selector);
  // Keys still belong to the chart: this one zooms.
  const whole = (await view(vs.page))!;
  await vs.page.keyboard.press('+');
  await until('the view is zoomed', async () => {
    const now = (await view(vs.page))!;
    return now.endNs - now.startNs < whole.endNs - whole.startNs;
  });
  expect((await shown()).changed).toBe(false);
  expect(await keyboardIn('.monaco-editor')).toBe(false);
  await vs.page.keyboard.press('Enter');
  await until('the keyboard is in the editor', () => keyboardIn('.monaco-editor'));
  expect((await shown()).line).toBe(frame.line);
});

test('annotations move with their lines when the text is edited, and changed lines are greyed', async () => {
  await vs.open('live.py');
  const sort = lineOf(live, 'sorted(values)');
  const text = (lines: { line: number; after: string }[], line: number) =>
    lines.find((shown) => shown.line === line)?.after;
  const [before] = [await annotated(vs, 'lines are annotated', (lines) => lines.length >= 2)];
  const figures = text(before, sort);
  await edit('0:0', '# one line more\n');
  await annotated(vs, 'annotations moved down', (lines) => text(lines, sort + 1) === figures);

  await edit(`${sort}:0`, '    ');
  await until('the changed line is stale', async () =>
    (await ledger(vs, 'live.py')).some(({ line, stale }) => line === sort + 1 && stale),
  );
  const others = (await ledger(vs, 'live.py')).filter(({ line }) => line !== sort + 1);
  expect(others.every(({ stale }) => !stale)).toBe(true);
  await screenshot(vs.page, 'dark-edited');
});

test('Lineheat logged no errors', () => {
  expect(vs.errors.filter((text) => /lineheat/i.test(text))).toEqual([]);
});

/** Inserts text at a 0-based `line:column`. */
function edit(at: string, text: string): Promise<boolean> {
  return vs.companion.ask(
    async (vscode, argument) => {
      const [line, column] = argument.at.split(':').map(Number) as [number, number];
      const editor = vscode.window.activeTextEditor;
      return (
        (await editor?.edit((builder) =>
          builder.insert(new vscode.Position(line, column), argument.text),
        )) ?? false
      );
    },
    { at, text },
  );
}
