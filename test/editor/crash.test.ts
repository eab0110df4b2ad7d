// kill -9 of each of the processes in turn, while a program is being profiled: what was recorded opens afterwards.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { annotated, ended, keepEvidence, ledger, messages, profile } from './driver/lineheat';
import { until } from './driver/until';
import { openVsCode, type VsCode } from './driver/vscode';
import { clickTitleButton, command } from './driver/window';

const work = `import time

print("working", flush=True)
end = time.time() + 25
total = 0
while time.time() < end:
    for number in range(5000):
        total += number
`;
const hot = 8;

let vs: VsCode;
beforeAll(async () => {
  vs = await openVsCode({ files: { 'program.py': work, 'server.py': work, 'host.py': work } });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'crash');
});
afterAll(() => vs?.close());

test('after kill -9 of the program its recording is read to the end', async () => {
  const before = (await messages(vs)).length;
  await profile(vs, 'program.py');
  await annotated(vs, 'it is annotated', (lines) => lines.some(({ line }) => line === hot));
  process.kill(pidOf(/python.*program\.py/), 'SIGKILL');
  const message = await ended(vs, before);
  expect(message.text).toMatch(/^program\.py /);
  expect((await ledger(vs, 'program.py')).some(({ line }) => line === hot)).toBe(true);
});

test('after kill -9 of the language server it restarts and the run continues', async () => {
  const before = (await messages(vs)).length;
  await profile(vs, 'server.py');
  await annotated(vs, 'it is annotated', (lines) => lines.some(({ line }) => line === hot));
  const server = pidOf(/dist\/server\.js/, vs.companion.pid());
  const samples = () =>
    vs.companion.lineheat((lineheat) => lineheat.runStatus()?.samples ?? 0, null);
  const sampled = await until('samples are counted', samples);
  process.kill(server, 'SIGKILL');
  await until(
    'another server runs',
    () => pidOf(/dist\/server\.js/, vs.companion.pid()) !== server,
  );
  await until(
    'it has read what the first one had, and more',
    async () => (await samples()) > sampled,
  );
  await clickTitleButton(vs.page, 'Stop Profiling');
  const message = await until('the end is said', async () =>
    (await messages(vs)).slice(before).find(({ text }) => /was stopped after/.test(text)),
  );
  expect(message.severity).toBe('information');
  expect((await ledger(vs, 'server.py')).some(({ line }) => line === hot)).toBe(true);
});

test('after kill -9 of the extension host the program runs on, and its profile opens again', async () => {
  await profile(vs, 'host.py');
  await annotated(vs, 'it is annotated', (lines) => lines.some(({ line }) => line === hot));
  const program = pidOf(/python.*host\.py/);
  const host = vs.companion.pid();
  process.kill(host, 'SIGKILL');
  await vs.companion.ready(host);
  expect(isAlive(program), 'the program still runs').toBe(true);

  await profileComesBack();
  await command(vs.page, 'Lineheat: Stop Profiling');
  await until('the program has ended', () => !isAlive(program));
  await annotated(vs, 'it stays', (lines) => lines.some(({ line }) => line === hot));
});

test('after a restart of the extension host a finished run is shown again', async () => {
  await until('nothing is running', () =>
    vs.companion.lineheat((lineheat) => lineheat.runState() === 'idle', null),
  );
  const host = vs.companion.pid();
  process.kill(host, 'SIGKILL');
  await vs.companion.ready(host);
  await profileComesBack();
  await command(vs.page, 'Lineheat: Clear Annotations');
  await until('nothing is annotated', async () => (await ledger(vs, 'host.py')).length === 0);
});

/** Opens the file and waits for its figures. */
async function profileComesBack(): Promise<void> {
  await vs.open('host.py');
  await annotated(
    vs,
    'the profile is back beside the code',
    (lines) => lines.some(({ line }) => line === hot),
    30_000,
  );
}

/** The youngest process whose command line matches, and whose parent is given if one is. */
function pidOf(pattern: RegExp, parent?: number): number {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        if (!pattern.test(line) || /vitest|\bbash -c|\bsh -c/.test(line)) return false;
        if (parent === undefined) return line.includes(vs.folder);
        const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        // It ended while it was looked at.
        return false;
      }
    })
    .map(Number);
  const pid = found.at(-1);
  if (pid === undefined) {
    const running = execFileSync('ps', ['-eo', 'pid,ppid,args']).toString();
    throw new Error(`No process matches ${pattern}.\n${running}`);
  }
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
