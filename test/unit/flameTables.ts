import { frameKinds, type FlameTables, type FrameKind } from '../../profile/flame/tables';

/**
 * Flame chart tables from text. A stack is `function:line[:kind]` words, outermost first; stacks are numbered in
 * order of first appearance, callers before callees. A sample is [stack, time, wall] with cpu = wall; '' = unknown.
 */
export function flameTables(program: {
  stacks: string[];
  threads: [string, number, number][][];
}): FlameTables {
  const strings = [''];
  const functions: { name: number; file: number }[] = [];
  const frames: { fn: number; line: number; kind: number }[] = [];
  const stacks = new Map<string, { id: number; frame: number; parent: number }>();
  const known = new Map<string, number>();
  const once = (key: string, add: () => number): number => {
    const id = known.get(key) ?? add();
    known.set(key, id);
    return id;
  };
  const text = (value: string): number =>
    value === '' ? 0 : once(`s ${value}`, () => strings.push(value) - 1);
  const addStack = (words: string[]): void => {
    let parent = -1;
    let key = '';
    for (const word of words) {
      key = key === '' ? word : `${key} ${word}`;
      const seen = stacks.get(key);
      if (!seen) {
        const [name, line, kind] = word.split(':') as [string, string, FrameKind | undefined];
        const file = kind ? '' : '/proj/app.py';
        const fn = once(`f ${name}`, () => {
          return functions.push({ name: text(name), file: text(file) }) - 1;
        });
        const frame = once(`r ${word}`, () => {
          const row = { fn, line: Number(line), kind: frameKinds.indexOf(kind ?? 'python') };
          return frames.push(row) - 1;
        });
        stacks.set(key, { id: stacks.size, frame, parent });
      }
      parent = stacks.get(key)!.id;
    }
  };
  for (const stack of program.stacks) addStack(stack.split(' '));
  const rows = [...stacks.values()];
  return {
    strings,
    functions: {
      name: Uint32Array.from(functions, ({ name }) => name),
      file: Uint32Array.from(functions, ({ file }) => file),
      line: Uint32Array.from(functions, () => 1),
      module: new Uint32Array(functions.length),
    },
    frames: {
      function: Uint32Array.from(frames, ({ fn }) => fn),
      line: Uint32Array.from(frames, ({ line }) => line),
      column: new Uint32Array(frames.length),
      kind: Uint8Array.from(frames, ({ kind }) => kind),
    },
    stacks: {
      frame: Uint32Array.from(rows, ({ frame }) => frame),
      parent: Int32Array.from(rows, ({ parent }) => parent),
    },
    threads: program.threads.map((samples, i) => ({
      id: i + 1,
      pid: 1,
      tid: i + 1,
      process: 'main.py',
      coarseNs: 0,
      anewNs: Infinity,
      name: i === 0 ? 'MainThread' : `Thread-${i}`,
      stack: Uint32Array.from(samples, ([stack]) => stacks.get(stack)?.id ?? 0xffffffff),
      time: Float64Array.from(samples, ([, time]) => time),
      wall: Float64Array.from(samples, ([, , wall]) => wall),
      cpu: Float64Array.from(samples, ([, , wall]) => wall),
    })),
  };
}
