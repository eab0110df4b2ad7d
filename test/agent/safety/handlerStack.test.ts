/** How much stack the sampling handler needs: the deepest way through its calls, by the compiler's own figures. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Folders } from '../programs';

const folders = new Folders();
afterAll(() => folders.clear());
const native = join(__dirname, '../../../profiler-agent/native');

/** What a function of the C library or of the interpreter that the handler calls may need, as clocks and memcpy do. */
const outsideBytes = 1024;

interface Function {
  bytes: number;
  bounded: boolean;
  calls: string[];
}

/** Every function of the agent, as `gcc -fcallgraph-info` describes it. */
function callGraph(folder: string): Map<string, Function> {
  const flags = [
    '-std=gnu11',
    '-D_GNU_SOURCE=',
    '-include',
    join(native, 'glibc.h'),
    '-iquote',
    native,
    '-fPIC',
    '-O2',
  ];
  const more = ['-fno-omit-frame-pointer', '-ftls-model=initial-exec', '-fcallgraph-info=su,da'];
  const functions = new Map<string, Function>();
  const sources = readdirSync(native, { recursive: true, encoding: 'utf8' });
  for (const name of sources.filter((each) => each.endsWith('.c'))) {
    const object = join(folder, basename(name).replace(/c$/, 'o'));
    execFileSync('cc', [...flags, ...more, '-c', '-o', object, join(native, name)]);
    const lines = readFileSync(object.replace(/o$/, 'ci'), 'utf8').split('\n');
    const named = (title: string) => title.replace(/^.*\/([^/]+\.c:)/, '$1');
    for (const line of lines) {
      const node = /^node: \{ title: "([^"]+)" label: "[^"]*\\n(\d+) bytes \(([^)]+)\)/.exec(line);
      if (node) {
        const bounded = node[3] === 'static' || node[3]!.includes('bounded');
        functions.set(named(node[1]!), { bytes: Number(node[2]), bounded, calls: [] });
      }
    }
    for (const line of lines) {
      const edge = /^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"/.exec(line);
      if (edge) functions.get(named(edge[1]!))?.calls.push(named(edge[2]!));
    }
  }
  return functions;
}

test('the sampling handler fits on its stack', { timeout: 60_000 }, () => {
  const functions = callGraph(folders.make());
  const known = new Map<string, number>();
  const open = new Set<string>();
  const deepest = (name: string): number => {
    const found = functions.get(name);
    if (!found) return outsideBytes;
    const before = known.get(name);
    if (before !== undefined) return before;
    expect(open.has(name), `${[...open, name].join(' → ')}`).toBe(false);
    expect(found.bounded, `${name} has a frame of unknown size`).toBe(true);
    open.add(name);
    const most = Math.max(0, ...found.calls.map(deepest));
    open.delete(name);
    // 8 bytes of every frame are the address that it returns to.
    const total = found.bytes + 8 + most;
    known.set(name, total);
    return total;
  };
  const needed = deepest('sampler.c:on_signal');
  const room = /#define HANDLER_BYTES (\d+)/.exec(
    readFileSync(join(native, 'signals/signal_stack.c'), 'utf8'),
  );
  console.log(`The handler needs ${needed} bytes at most.`);
  expect(needed).toBeGreaterThan(1500);
  expect(needed).toBeLessThan(Number(room![1]));
});
