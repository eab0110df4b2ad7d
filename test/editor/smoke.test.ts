import { expect, test } from 'vitest';
import { openVsCode } from './driver/vscode';
import { drawnLines, hoverText } from './driver/editorView';
import { until } from './driver/until';
import { screenshot, statusBar, command, terminalText, typeInTerminal } from './driver/window';
test('smoke', async () => {
  const t = Date.now();
  const vs = await openVsCode();
  console.log('open', Date.now() - t);
  try {
    await vs.open('tour.py');
    console.log('opened', Date.now() - t);
    const lines = await until('drawn', async () => {
      const l = await drawnLines(vs.page);
      return l.length && l;
    });
    console.log(lines, Date.now() - t);
    console.log(await hoverText(vs.page, 27));
    await screenshot(vs.page, 'smoke');
    console.log(await statusBar(vs.page));
    await command(vs.page, 'Terminal: Create New Terminal');
    await until('term', async () => (await terminalText(vs.page)).length > 2);
    await typeInTerminal(vs.page, 'echo $((3*14))');
    await until('term', async () => /42/.test(await terminalText(vs.page)));
    console.log(await terminalText(vs.page), vs.companion.pid());
    await screenshot(vs.page, 'smoke2');
    console.log(vs.errors, vs.logs().length);
    expect(
      await vs.companion.ask(
        (v) => v.extensions.getExtension('linescope.linescope')?.exports.ledger(),
        null,
      ),
    ).toBe(42);
  } catch (e) {
    await screenshot(vs.page, 'smoke-fail');
    console.log(vs.errors, vs.logs());
    throw e;
  } finally {
    await vs.close();
  }
});
