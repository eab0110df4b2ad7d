// A folder that is not trusted: nothing in it runs, recordings open.
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { keepEvidence, messages, profile } from './driver/lineheat';
import { root } from './driver/package';
import { view } from './driver/panel';
import { until } from './driver/until';
import { openVsCode, type VsCode } from './driver/vscode';
import { clickNotificationButton, command, notification, screenshot } from './driver/window';

const touch = 'open(__file__ + ".ran", "w").close()\n';
const refusal =
  'Profiling runs the program, and this workspace is not trusted. Trust it to profile; recordings can be opened without.';

let vs: VsCode;
beforeAll(async () => {
  vs = await openVsCode({
    untrusted: true,
    files: {
      'touch.py': touch,
      '.vscode/settings.json': JSON.stringify({
        'lineheat.interpreter': '${workspaceFolder}/interpreter.sh',
        'lineheat.storageFolder': '${workspaceFolder}/stored',
        'lineheat.pathMappings': { '/': '${workspaceFolder}' },
      }),
    },
  });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'trust');
});
afterAll(() => vs?.close());

test('a program in an untrusted folder is not started, and the way to trust the folder is shown', async () => {
  expect(await vs.companion.ask((vscode) => vscode.workspace.isTrusted, null)).toBe(false);
  await profile(vs, 'touch.py');
  expect(await notification(vs.page, /not trusted/)).toBe(refusal);
  await clickNotificationButton(vs.page, /not trusted/, 'Manage Workspace Trust');
  await vs.page.locator('.workspace-trust-editor').waitFor();
});

test('launch configurations and files with arguments are not started either', async () => {
  for (const title of ['Profile a Launch Configuration…', 'Profile This File with Arguments…']) {
    await vs.open('touch.py');
    const before = (await messages(vs)).length;
    await command(vs.page, `Lineheat: ${title}`);
    const said = await until(`${title} is answered`, async () =>
      (await messages(vs)).slice(before).at(-1),
    );
    expect(said).toEqual({ severity: 'error', text: refusal });
  }
  expect(existsSync(join(vs.folder, 'touch.py.ran'))).toBe(false);
});

test('a recording opens in an untrusted folder', async () => {
  const recording = join(vs.folder, 'earlier.lineheat');
  copyFileSync(join(root, 'test/unit/fixtures/recordings/3.12.linescope'), recording);
  const before = (await messages(vs)).length;
  await vs.companion.ask(async (vscode, path) => {
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(path));
  }, recording);
  await until('the chart has samples', async () => ((await view(vs.page))?.samples ?? 0) > 0);
  expect(await vs.companion.lineheat((lineheat) => lineheat.shownRun()?.title, null)).toBe(
    'earlier.lineheat',
  );
  expect((await messages(vs)).slice(before).filter(({ severity }) => severity === 'error')).toEqual(
    [],
  );
  await screenshot(vs.page, 'untrusted');
});

test('settings of an untrusted folder that name programs or folders are ignored', async () => {
  const counted = await vs.companion.ask((vscode) => {
    const settings = vscode.workspace.getConfiguration('lineheat');
    return ['interpreter', 'storageFolder'].map((name) => settings.get<string>(name));
  }, null);
  expect(counted).toEqual(['', '']);
});
