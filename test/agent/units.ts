/** Programs of test/agent/units: each is linked with some sources of the agent, and prints how these behave. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const native = join(__dirname, '../../profiler-agent/native');
const deadlineMs = 60_000;

/** What the compiler adds to a program so that it ends at the first mistake. */
export const sanitizers = {
  none: [],
  address: ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
  // The compiler warns that this sanitizer does not know fences. The table of blocks has some, for readers that look at
  // atomic fields only.
  thread: ['-fsanitize=thread', '-Wno-tsan'],
};
export type Sanitizer = keyof typeof sanitizers;

export interface Unit {
  /** The program's file in test/agent/units, without its suffix. */
  name: string;
  /** The agent's sources that it is linked with, from native/ on, without suffix. */
  parts: string[];
}

/** The reader of unwind tables and all that it takes. */
export const unwinder = [
  ...['unwind/eh_frame', 'unwind/cfi', 'unwind/modules', 'unwind/module_file'],
  ...['signals/guard', 'base', 'sandbox/sandbox', 'sandbox/bpf'],
];

/** Compiles a unit into a folder. Throws with what the compiler says when it says anything. */
export function build(
  { name, parts }: Unit,
  folder: string,
  sanitizer: Sanitizer = 'none',
  compiler = 'cc',
): string {
  const binary = join(folder, `${name}-${sanitizer}`);
  const flags = ['-std=gnu11', '-D_GNU_SOURCE=', '-O1', '-g', '-iquote', native];
  const strict = ['-Wall', '-Wextra', '-Wno-parentheses', '-Werror'];
  const sources = [join(__dirname, 'units', `${name}.c`)].concat(
    parts.map((part) => join(native, `${part}.c`)),
  );
  const last = ['-o', binary, ...sources, '-lpthread', '-ldl'];
  const built = spawnSync(compiler, [...flags, ...strict, ...sanitizers[sanitizer], ...last], {
    encoding: 'utf8',
  });
  if (built.error) throw built.error;
  if (built.status !== 0 || built.stderr !== '') throw new Error(built.stderr);
  return binary;
}

/** Runs a unit to its end, and returns what it printed. Throws when it, or a sanitizer, ends it with an error. */
export function output(binary: string, args: string[] = []): string {
  const options = {
    encoding: 'utf8',
    timeout: deadlineMs,
    // The agent gives its tables back to nobody.
    env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' },
  } as const;
  let ended = spawnSync(binary, args, options);
  // Some kernels put libraries where the thread sanitizer wants to have its own tables.
  if (ended.stderr.includes('unexpected memory mapping'))
    ended = spawnSync('setarch', ['-R', binary, ...args], options);
  if (ended.status !== 0 || ended.stderr !== '')
    throw new Error(
      `${binary} ended with ${ended.status ?? ended.signal}:\n${ended.stdout}${ended.stderr}`,
    );
  return ended.stdout;
}
