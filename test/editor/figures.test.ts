// Figures in editors of every kind: fonts of other sizes, tabs, CRLF, wide characters, a minimap, wrapped lines, little room.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { caretFromEnd, drawnLines, goToEnd, lineBox } from './driver/editorView';
import { annotated, keepEvidence, ledger, lineOf, profileToEnd } from './driver/lineheat';
import { chartTabs, closeCharts, openChart } from './driver/panel';
import { until } from './driver/until';
import { openVsCode, type VsCode } from './driver/vscode';
import { set } from './driver/who';
import { screenshot } from './driver/window';

const longLine = `total = sum(len(str(number)) + number % 7 for number in range(9_000) if number % 3 != 1 and str(number)[0] != "9")`;
const program = `import time


def tabs(seconds):
	end = time.thread_time() + seconds
	while time.thread_time() < end:
		sum(range(2_000))
		sorted(range(2_000), reverse=True)


def wide(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        "漢字".join(["ｗ"] * 9_000)
        tuple(range(4_000)).count(7)


def long(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        ${longLine}


tabs(0.5)
wide(0.5)
long(1)
`;
const short = lineOf(program, 'sum(range(2_000))');
const sorting = lineOf(program, 'sorted(');
const long = lineOf(program, 'total = ');

let vs: VsCode;
beforeAll(async () => {
  vs = await openVsCode({
    files: { 'odd.py': program.replaceAll('\n', '\r\n') },
    settings: { 'lineheat.memory': false },
  });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'figures');
});
afterAll(() => vs?.close());

async function configure(section: string, settings: Record<string, unknown>): Promise<void> {
  await vs.companion.ask(
    async (vscode, [name, entries]) => {
      const configuration = vscode.workspace.getConfiguration(name);
      for (const [key, value] of entries) {
        await configuration.update(key, value ?? undefined, vscode.ConfigurationTarget.Global);
      }
    },
    [section, Object.entries(settings)] as const,
  );
}

const execute = (command: string): Promise<void> =>
  vs.companion.ask(async (vscode, name) => {
    await vscode.commands.executeCommand(name);
  }, command);

/** Where the code of lines stands. */
async function places(lines: number[]): Promise<string[]> {
  const boxes = [];
  for (const line of lines) boxes.push(await lineBox(vs.page, line));
  return boxes.map(({ x, y }) => `${Math.round(x)} ${Math.round(y)}`);
}

const figuresOf = async (line: number): Promise<string> =>
  (await ledger(vs, 'odd.py')).find((drawn) => drawn.line === line)?.text ?? 'none';

test('code stays in its place when figures appear', async () => {
  await vs.open('odd.py');
  await execute('workbench.action.closeSidebar');
  const lines = [short, sorting, long - 2];
  const before = await places(lines);
  expect((await profileToEnd(vs, 'odd.py')).severity).toBe('information');
  await annotated(vs, 'there are figures', (drawn) => drawn.length > 3);
  expect(await places(lines)).toEqual(before);
  expect((await drawnLines(vs.page)).filter((line) => line.before)).toEqual([]);
});

test('figures line up with tabs and CRLF, in fonts of every size, zoomed, beside a minimap', async () => {
  // Equally long texts: where one ends with another, it begins with it.
  await set(vs, { figures: 'compact' });
  const expectAligned = async (what: string): Promise<void> => {
    const isAligned = async () => {
      const drawn = await drawnLines(vs.page);
      const [a, b] = [short, sorting].map((wanted) => drawn.find(({ line }) => line === wanted));
      return a !== undefined && b !== undefined && Math.abs(a.left - b.left) < 1.5;
    };
    await until(`figures line up: ${what}`, isAligned);
    await goToEnd(vs.page, sorting);
    await until(
      `the caret is behind the code: ${what}`,
      async () => Math.abs(await caretFromEnd(vs.page)) < 2,
    );
  };
  for (const fontSize of [10, 20, 14]) {
    await configure('editor', { fontSize });
    await expectAligned(`font of ${fontSize} px`);
    await screenshot(vs.page, `figures-font-${fontSize}`);
  }
  await execute('editor.action.fontZoomIn');
  await expectAligned('zoomed');
  await execute('editor.action.fontZoomReset');
  await configure('editor', { 'minimap.enabled': true });
  await expectAligned('with a minimap');
  await configure('editor', { 'minimap.enabled': false, fontSize: undefined });
  await set(vs, { figures: undefined });
});

test('a full bar is the hottest line, or the whole run when set so', async () => {
  const bar = async (line: number) =>
    (await drawnLines(vs.page)).find((drawn) => drawn.line === line)?.image ?? '';
  const before = await until('there is a bar', () => bar(short));
  await set(vs, { fullBar: 'run' });
  await until('the bar is another one', async () => {
    const now = await bar(short);
    return now !== '' && now !== before;
  });
  await set(vs, { fullBar: undefined });
  await until('the bar is as before', async () => (await bar(short)) === before);
});

test('figures of a line longer than the editor are visible, and those of a wrapped line are behind it', async () => {
  const above = await until('it stands at another line', async () =>
    (await drawnLines(vs.page)).find(({ after }) => /↓ +\d/.test(after)),
  );
  expect(above.line).toBeLessThan(long);
  expect(above.after).toMatch(/↓ +[\d.]+ m?s/);
  const groups = (await vs.page.locator('.editor-group-container.active').boundingBox())!;
  expect((await lineBox(vs.page, above.line)).x).toBeLessThan(groups.x + groups.width);
  await configure('editor', { wordWrap: 'on' });
  await vs.page.setViewportSize({ width: 700, height: 820 });
  await until('no figure stands elsewhere', async () =>
    (await ledger(vs, 'odd.py')).every(({ text }) => !text.includes('↓')),
  );
  await screenshot(vs.page, 'figures-wrapped');
  await configure('editor', { wordWrap: undefined });
});

test('the chart opens below the code, and stays where it was moved', async () => {
  await vs.page.setViewportSize({ width: 1400, height: 820 });
  await execute('workbench.action.closePanel');
  await openChart(vs);
  const code = (await vs.page.locator('.editor-instance').first().boundingBox())!;
  const chart = (await vs.page.locator('iframe.webview.ready:visible').boundingBox())!;
  expect(chart.y).toBeGreaterThanOrEqual(code.y + code.height);
  expect(chart.width).toBeGreaterThan(0.95 * code.width);
  // Both can be read.
  for (const { height } of [code, chart]) expect(height).toBeGreaterThan(190);
  expect(await chartTabs(vs)).toEqual([2]);
  await execute('workbench.action.focusBelowGroup');
  await execute('workbench.action.moveEditorToFirstGroup');
  await vs.open('odd.py');
  await openChart(vs);
  await until('it is seen', async () => vs.page.locator('iframe.webview.ready').isVisible());
  expect(await chartTabs(vs)).toEqual([1]);
  await closeCharts(vs);
});

test('figures are shorter in a narrow editor, and End does not scroll the code away', async () => {
  await vs.page.setViewportSize({ width: 600, height: 820 });
  await execute('workbench.action.terminal.focus');
  await openChart(vs);
  // Over the terminal there is no room for it.
  expect(await chartTabs(vs)).toEqual([]);
  await until('the editor’s width is known', async () => {
    const text = await figuresOf(sorting);
    return /^[\d.]+ m?s$/.test(text.trim());
  });
  await screenshot(vs.page, 'figures-narrow');
  // Both can be read: ten lines of code, and rows of the chart.
  const code = vs.page.locator('.editor-group-container .view-lines').first();
  expect((await code.boundingBox())!.height).toBeGreaterThan(190);
  const [before] = await places([short]);
  await goToEnd(vs.page, sorting);
  expect(await places([short])).toEqual([before]);
  // What was known of the width still holds when another tab takes the chart's place.
  await execute('workbench.action.terminal.focus');
  await vs.page.locator('.terminal-wrapper.active').waitFor();
  expect((await figuresOf(sorting)).trim()).toMatch(/^[\d.]+ m?s$/);
});

test('Lineheat logged no errors', () => {
  expect(vs.errors.filter((text) => /lineheat/i.test(text))).toEqual([]);
});
