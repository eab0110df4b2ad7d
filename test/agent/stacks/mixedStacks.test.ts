/** Native frames between Python frames: what stands between a function and one that compiled code called for it. */
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readElf } from '../../../server/symbols/elf';
import { Folders, program, run, tool, underAgent } from '../programs';
import { numpyFolder, pythons } from '../pythons';
import { percent } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());
const path = program('stacks/mixed_stacks.py');

/** The function, and the names on the way from it to work(), for interpreters whose functions have names. */
const named: [string, RegExp][] = [
  ['by_sorted', /^builtin_sorted( list_sort)? list_sort_impl$/],
  ['by_sub', /^sub (\S+_sub )?pattern_subx \S*<lambda>$/],
  ['by_reduce', /^_?functools_reduce(_impl)?$/],
  ['by_map', /^_?list_\w+( _?list_\w+)* map_next$/],
  ['by_sum', /^builtin_sum(_impl)? \S*<genexpr>$/],
  ['by_json', /^loads \S*decode \S*raw_decode scanner_call scan_once_unicode( _parse_\w+)*$/],
  ['by_operator', /^\S*__add__$/],
];
/** Those for any interpreter: the ones of a library that has names. */
const library: [string, RegExp][] = [['by_ufunc', /^ufunc_\w+ .*PyUFunc_On_Om$/]];
/** Of the time in work(), so much must have come the expected way; a chain can be incomplete now and then. */
const most = 94;

describe.each(pythons)('Python $name', (python) => {
  test('callbacks are on top of the native functions that called them', async () => {
    const runDir = folders.make();
    const numpy = { PYTHONPATH: await numpyFolder(python), OPENBLAS_NUM_THREADS: '1' };
    const args = [path, '3', 'numpy'];
    const ended = await run(python.path, args, { env: underAgent(runDir, numpy) });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const output = join(runDir, 'stacks.txt');
    await run(process.execPath, [tool, 'export', runDir, '--format', 'collapsed', '-o', output]);
    const stacks = readFileSync(output, 'utf8').split('\n');
    // Debian strips its interpreters, and functions without names are not shown.
    const hasNames = readElf(realpathSync(python.path))?.complete;
    for (const [caller, way] of hasNames ? [...named, ...library] : library) {
      const { right, all, seen } = share(stacks, caller, way);
      expect(all, `time in ${caller}`).toBeGreaterThan(0.05e6);
      expect(percent(right, all), `${caller}: ${seen}`).toBeGreaterThanOrEqual(most);
    }
  });
});

/** Of the time in work() under a function, µs, how much came a certain way; and which ways it came. */
function share(stacks: string[], caller: string, way: RegExp) {
  let right = 0;
  let all = 0;
  const seen = new Set<string>();
  for (const stack of stacks) {
    const space = stack.lastIndexOf(' ');
    const frames = stack.slice(0, space).split(';');
    const start = frames.findIndex((frame) => frame.startsWith(`${caller} (`));
    const end = frames.findIndex((frame) => frame.startsWith('work ('));
    if (start < 0 || end < 0) continue;
    const text = frames
      .slice(start + 1, end)
      .map((frame) => frame.replace(/ \(.*$/, ''))
      .join(' ');
    const time = Number(stack.slice(space));
    all += time;
    if (way.test(text)) right += time;
    else seen.add(text);
  }
  return { right, all, seen: [...seen].join(' | ') };
}
