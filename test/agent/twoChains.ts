/** Which stacks test/agent/programs/two_chains.py can have: its marks say which line calls what. */
import { readFileSync } from 'node:fs';
import type { Frame } from './decode';
import { program } from './programs';

/** The program. */
export const twoChains = program('two_chains.py');
const source = readFileSync(twoChains, 'utf8').split('\n');

/** `caller:line` → callee, as the marks in the program say. */
const calls = new Map<string, string>();
/** Lines of each function, first and last. */
const spans = new Map<string, [number, number]>();
source.forEach((text, index) => {
  const call = / # mark: (\S+) (\S+)$/.exec(text);
  if (call) calls.set(`${call[1]}:${index + 1}`, call[2]!);
  // The body of a class runs where it stands.
  const body = /^class (\w+)/.exec(text)?.[1];
  if (body) calls.set(`<module>:${index + 1}`, body);
  const name = /^ *def (\w+)/.exec(text)?.[1];
  if (name) {
    const rest = source.slice(index + 1);
    const end = rest.findIndex((line) => /^ {0,4}(def|class)|^\S/.test(line));
    spans.set(name, [index + 1, end < 0 ? source.length : index + end]);
  }
});
const threadRoot = ['_bootstrap', '_bootstrap_inner', 'run'];

/** What is impossible about a stack, outermost frame first; undefined when it can be. */
export function impossible(frames: Frame[]): string | undefined {
  const real = frames.filter(({ isShim }) => !isShim);
  const first = real.findIndex(({ file }) => file === twoChains);
  if (first < 0) return undefined;
  const roots = real.slice(0, first).map(({ name }) => name);
  const start = real[first]!.name;
  const isRoot =
    start === '<module>' ? first === 0 : start === 'work' && roots.join() === threadRoot.join();
  if (!isRoot) return `${[...roots, start].join(' → ')} is no way to begin`;
  for (let at = first; at < real.length; at++) {
    const { name, line, file } = real[at]!;
    const callee = real[at + 1];
    if (file !== twoChains)
      return name === '<module>' ? undefined : `${name} in ${file} is called by nobody`;
    if (!callee) return outside(name, line);
    // The module starts and joins a thread and imports: library code from there on.
    if (name === '<module>' && callee.file !== twoChains) return undefined;
    if (calls.get(`${name}:${line}`) !== callee.name) {
      return `${name}, line ${line}, does not call ${callee.name}`;
    }
  }
  return undefined;
}

/** The innermost frame can be anywhere in its function, and nowhere else. */
function outside(name: string, line: number): string | undefined {
  const [first, last] = spans.get(name) ?? [1, source.length];
  return line !== 0 && (line < first || line > last) ? `${name} has no line ${line}` : undefined;
}
