/**
 * What the agent reads is compared with what Python says before anything is sampled. A library that is wrong about one
 * structure must notice, on every interpreter; the right one must leave nothing behind.
 */
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decode } from '../decode';
import { Folders, program, recordings, run, show, underAgent } from '../programs';
import { pythons } from '../pythons';

/** What is wrong, and the word for it in the sentence. */
const mistakes: [string, string, RegExp][] = [
  ['the caller of a frame', 'self->frame.previous = self->frame.code', /depth|code object/],
  ['the instruction', 'self->frame.instruction += 8', /instruction/],
  ['a name', 'self->code.name = self->code.filename', /name|depth/],
  ['the line table', 'self->code.table -= 8', /code object|line table/],
  ['the current frame', 'self->tstate.frame += 8', /depth|code object/],
  ['a thread', 'self->tstate.thread_id -= 8', /thread state/],
];

const busy = `import sys, time
def work():
    return sum(i * i for i in range(1000))
while time.process_time() < 0.5:
    work()
sys.exit(3)`;

const folders = new Folders();
afterAll(() => folders.clear());

/** Builds the agent from its sources where nobody else finds it. MISTAKE in its environment says what it is wrong about. */
async function build(): Promise<string> {
  const folder = folders.make();
  const sources = join(__dirname, '../../../profiler-agent');
  cpSync(sources, join(folder, 'profiler-agent'), {
    recursive: true,
    filter: (path) => path !== join(sources, 'build'),
  });
  const header = join(folder, 'mistakes.h');
  const cases = mistakes.map(([, mistake], index) => `case '${index}': ${mistake}; break;`);
  const chosen = `const char *it = getenv("MISTAKE"); switch (it ? *it : 0) { ${cases.join(' ')} }`;
  const text = ['#include <stdlib.h>', `#define LAYOUT_MISTAKE(self) do { ${chosen} } while (0)`];
  writeFileSync(header, text.join('\n') + '\n');
  const machine = process.arch;
  const words = ['-s', '-C', join(folder, 'profiler-agent'), `ARCHITECTURES=${machine}`];
  const made = await run('make', [...words, `CFLAGS=-O1 -include ${header}`]);
  const library = join(folder, 'dist', 'agent', `linux-${machine}`, 'liblineheat.so');
  if (!existsSync(library)) throw new Error(`The library was not built:\n${made.stderr}`);
  return library;
}

let library: string;
beforeAll(async () => {
  library = await build();
}, 120_000);

describe.each(mistakes)('an agent that is wrong about %s', (...[what, , word]) => {
  const env = { MISTAKE: String(mistakes.findIndex(([name]) => name === what)) };

  test.each(pythons)('says so and shows no lines for Python $name', async (python) => {
    const args = ['-c', busy];
    const runDir = folders.make();
    const watched = await run(python.path, args, {
      env: { ...underAgent(runDir, env), LD_PRELOAD: library },
    });
    expect(watched).toEqual(await run(python.path, args, { env }));
    const [recording] = recordings(runDir) as [string];
    expect(decode(recording).samples.filter(({ stack }) => stack !== 0)).toEqual([]);
    const { report } = await show(runDir, folders.make());
    expect(report!.files.flatMap(({ lines }) => lines)).toEqual([]);
    expect(report!.processes).toMatchObject([{ exit: 3, state: 'ended' }]);
    expect(report!.processes[0]!.cpu_s).toBeGreaterThan(0);
    const [note, ...more] = report!.notes.filter(({ severity }) => severity === 'error');
    expect(more).toEqual([]);
    expect(note).toMatchObject({ severity: 'error' });
    expect(note!.text).toMatch(/so it is not sampled\. Choose another build of CPython 3\.9 to/);
    expect(/\(([^)]*)\)/.exec(note!.text)![1]).toMatch(word);
  });
});

describe.each(pythons)('Python $name', (python) => {
  test('the self-test succeeds and leaves nothing behind in the interpreter', async () => {
    const args = ['-S', program('stacks/traces.py')];
    const runDir = folders.make();
    const env = { PYTHONHASHSEED: '0', PYTHONDONTWRITEBYTECODE: '1' };
    const bare = await run(python.path, args, { env });
    const watched = await run(python.path, args, { env: underAgent(runDir, env) });
    expect(watched).toMatchObject({ code: 0, stderr: '' });
    const [blocksBare = 0, ...restBare] = bare.stdout.split('\n');
    const [blocks = 0, ...rest] = watched.stdout.split('\n');
    expect(rest).toEqual(restBare);
    // Two bare runs differ by two or three.
    expect(Math.abs(Number(blocks) - Number(blocksBare))).toBeLessThan(8);
    const { report } = await show(runDir, folders.make());
    expect(report!.notes.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(report!.files.flatMap(({ lines }) => lines)).not.toEqual([]);
  });
});
