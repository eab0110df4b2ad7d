/** Programs whose possible stacks are known exactly. */
import { readFileSync } from 'node:fs';
import type { Frame } from './decode';
import { program } from './programs';

const threadRoot = ['_bootstrap', '_bootstrap_inner', 'run'];

/** Which stacks a program of test/agent/programs can have: its marks say which line calls what. */
export class StackGrammar {
  readonly path: string;
  /** `caller:line` → callees. */
  readonly #calls = new Map<string, string[]>();
  /** Lines of each function, first and last. */
  readonly #spans = new Map<string, [number, number]>();
  readonly #length: number;

  constructor(name: string) {
    this.path = program(name);
    const source = readFileSync(this.path, 'utf8').split('\n');
    this.#length = source.length;
    source.forEach((text, index) => {
      const call = / # mark: (\S+) (\S+)$/.exec(text);
      // The body of a class runs where it stands.
      const body = /^class (\w+)/.exec(text)?.[1];
      if (body) this.#calls.set(`<module>:${index + 1}`, [body]);
      if (call) this.#calls.set(`${call[1]}:${index + 1}`, call[2]!.split('|'));
      const name = /^ *def (\w+)/.exec(text)?.[1];
      if (!name) return;
      const rest = source.slice(index + 1);
      const end = rest.findIndex((line) => /^ {0,4}(def|class|@)|^\S/.test(line));
      // A frame that has not begun is at its decorator.
      const begin = /^ *@/.test(source[index - 1] ?? '') ? index : index + 1;
      this.#spans.set(name, [begin, end < 0 ? source.length : index + end]);
    });
  }

  /** What is impossible about a stack, outermost frame first; undefined when it can be. */
  impossible(frames: Frame[]): string | undefined {
    const real = frames.filter(({ isShim }) => !isShim);
    const first = real.findIndex(({ file }) => file === this.path);
    if (first < 0) return undefined;
    const roots = real.slice(0, first).map(({ name }) => name);
    const start = real[first]!.name;
    const isRoot =
      start === '<module>' ? first === 0 : start === 'work' && roots.join() === threadRoot.join();
    if (!isRoot) return `${[...roots, start].join(' → ')} is no way to begin`;
    for (let at = first; at < real.length; at++) {
      const { name, line, file } = real[at]!;
      const callee = real[at + 1];
      if (file !== this.path)
        return name === '<module>' ? undefined : `${name} in ${file} is called by nobody`;
      if (!callee) return this.#outside(name, line);
      // The module starts and joins a thread and imports: library code from there on.
      if (name === '<module>' && callee.file !== this.path) return undefined;
      if (!this.#calls.get(`${name}:${line}`)?.includes(callee.name)) {
        return `${name}, line ${line}, does not call ${callee.name}`;
      }
    }
    return undefined;
  }

  /** The innermost frame can be anywhere in its function, and nowhere else. */
  #outside(name: string, line: number): string | undefined {
    const [first, last] = this.#spans.get(name) ?? [1, this.#length];
    return line !== 0 && (line < first || line > last) ? `${name} has no line ${line}` : undefined;
  }
}
