/** A synthetic profile of any size, the same every time, for the flame chart's benchmark. */

const kinds = { python: 0, native: 1, system: 2, wait: 3, gil: 4 };
const unattributed = 0xffffffff;

/**
 * Deterministic numbers in [0, 1).
 * @param {number} seed
 */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** A growing table that keeps each row once. */
class Table {
  /** @type {number[][]} */
  rows = [];
  /** @type {Map<string, number>} */
  #ids = new Map();

  /**
   * Adds a row unless it is there, and returns its id.
   * @param {number[]} row
   */
  add(...row) {
    const key = row.join(' ');
    let id = this.#ids.get(key);
    if (id === undefined) {
      this.#ids.set(key, (id = this.rows.push(row) - 1));
    }
    return id;
  }

  /** @param {number} at */
  column(at) {
    return this.rows.map((row) => row[at] ?? NaN);
  }
}

/**
 * Tables for protocol/flameChunk.ts. `samples`: of all threads together, about 1 ms each; `depth`: of the deepest
 * stacks; `paths`: different call paths.
 * @param {{samples: number, threads?: number, depth?: number, paths?: number, seed?: number}} size
 * @returns {import('../../profile/flame/tables').FlameTables}
 */
export function makeProfile({ samples, threads = 3, depth = 25, paths = 3000, seed = 1 }) {
  const random = seeded(seed);
  /** @param {number} limit */
  const below = (limit) => Math.floor(random() * limit);
  /**
   * @template T
   * @param {readonly T[]} list not empty
   */
  const oneOf = (list) => /** @type {T} */ (list[below(list.length)]);
  const strings = ['', '/usr/lib/libwork.so'];
  const functions = new Table();
  const frames = new Table();
  const stacks = new Table();
  /**
   * @param {string} name
   * @param {number} file
   * @param {number} line
   * @param {number} module
   */
  const named = (name, file, line, module) => {
    if (!strings.includes(name)) strings.push(name);
    return functions.add(strings.indexOf(name), file, line, module);
  };
  for (let i = 0; i < 8; i++) strings.push(`/proj/module${i}.py`);
  const pythons = Array.from({ length: 60 }, (_, i) =>
    named(`${['load', 'parse', 'step', 'visit', 'render'][i % 5]}_${i}`, 2 + (i % 8), i * 20, 0),
  );
  const leaves = [
    { fn: named('dgemm_kernel', 0, 0, 1), kind: kinds.native },
    { fn: named('memcpy', 0, 0, 1), kind: kinds.native },
    { fn: named('read', 0, 0, 0), kind: kinds.system },
    { fn: named('waiting', 0, 0, 0), kind: kinds.wait },
  ].map(({ fn, kind }) => ({ frame: frames.add(fn, 0, 0, kind), kind }));

  /** @type {number[]} */
  let path = [];
  const leafStacks = Array.from({ length: paths }, () => {
    const keep = path.slice(0, Math.floor(path.length * (0.3 + 0.65 * random())));
    const length = Math.max(2, Math.floor(depth * (0.3 + 0.7 * random())));
    while (keep.length < length) keep.push(oneOf(pythons));
    path = keep;
    return path.reduce(
      (parent, fn, at) => stacks.add(frames.add(fn, fn * 20 + (at % 9), 0, kinds.python), parent),
      -1,
    );
  });

  const each = Math.floor(samples / threads);
  const tracks = Array.from({ length: threads }, (_, i) => {
    const track = {
      ...{
        id: i + 1,
        pid: 1,
        tid: 1000 + i,
        process: 'bench.py',
        name: i === 0 ? 'MainThread' : `Worker-${i}`,
        coarseNs: 0,
        anewNs: Infinity,
      },
      stack: new Uint32Array(each),
      time: new Float64Array(each),
      wall: new Float64Array(each),
      cpu: new Float64Array(each),
    };
    let now = i * 2e6;
    let at = 0;
    for (let n = 0; n < each; n++) {
      at = random() < 0.97 ? Math.min(paths - 1, Math.max(0, at + below(5) - 2)) : below(paths);
      let stack = leafStacks[at] ?? unattributed;
      let kind = kinds.python;
      if (random() < 0.4) {
        const leaf = oneOf(leaves);
        stack = stacks.add(leaf.frame, stack);
        kind = leaf.kind;
      }
      const wall = 1e6 * (0.8 + 0.4 * random()) * (kind === kinds.wait ? 6 : 1);
      track.stack[n] = random() < 0.002 ? unattributed : stack;
      track.time[n] = now;
      track.wall[n] = wall;
      track.cpu[n] = kind === kinds.wait ? 0 : wall;
      now += wall + (random() < 0.002 ? 3e7 : 0);
    }
    return track;
  });
  /**
   * @param {Table} table
   * @param {number} at
   */
  const u32 = (table, at) => Uint32Array.from(table.column(at));
  return {
    strings,
    functions: {
      name: u32(functions, 0),
      file: u32(functions, 1),
      line: u32(functions, 2),
      module: u32(functions, 3),
    },
    frames: {
      function: u32(frames, 0),
      line: u32(frames, 1),
      column: u32(frames, 2),
      kind: Uint8Array.from(frames.column(3)),
    },
    stacks: { frame: u32(stacks, 0), parent: Int32Array.from(stacks.column(1)) },
    threads: tracks,
  };
}

/** Rows of one piece, as many as the server sends. */
const rowsPerPiece = 150_000;

/**
 * The same tables in pieces: the first piece has all tables and its rows, the others have only rows.
 * @param {import('../../profile/flame/tables').FlameTables} tables
 * @returns {import('../../profile/flame/tables').FlameTables[]}
 */
export function pieces(tables) {
  const none = () => new Uint32Array(0);
  const rest = {
    strings: [],
    functions: { name: none(), file: none(), line: none(), module: none() },
    frames: { function: none(), line: none(), column: none(), kind: new Uint8Array(0) },
    stacks: { frame: none(), parent: new Int32Array(0) },
  };
  const each = Math.ceil(rowsPerPiece / tables.threads.length);
  const longest = Math.max(...tables.threads.map(({ time }) => time.length));
  return Array.from({ length: Math.ceil(longest / each) }, (_, at) => ({
    ...(at === 0 ? tables : rest),
    threads: tables.threads.map((thread) => ({
      ...thread,
      stack: thread.stack.slice(at * each, (at + 1) * each),
      time: thread.time.slice(at * each, (at + 1) * each),
      wall: thread.wall.slice(at * each, (at + 1) * each),
      cpu: thread.cpu.slice(at * each, (at + 1) * each),
    })),
  }));
}
