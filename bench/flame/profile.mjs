/** A synthetic profile of any size, the same every time, for the flame chart's benchmark. */

const kinds = { python: 0, native: 1, system: 2, wait: 3, gil: 4 };
const unattributed = 0xffffffff;

/** Deterministic numbers in [0, 1). */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** A growing table that keeps each row once. */
function table(width) {
  const ids = new Map();
  const columns = Array.from({ length: width }, () => []);
  return {
    columns,
    add(...row) {
      const key = row.join(' ');
      let id = ids.get(key);
      if (id === undefined) {
        ids.set(key, (id = ids.size));
        row.forEach((value, i) => columns[i].push(value));
      }
      return id;
    },
  };
}

/**
 * Tables for protocol/flameChunk.ts. `samples`: of all threads together, about 1 ms each; `depth`: of the deepest
 * stacks; `paths`: different call paths.
 */
export function makeProfile({ samples, threads = 3, depth = 25, paths = 3000, seed = 1 }) {
  const random = seeded(seed);
  const below = (limit) => Math.floor(random() * limit);
  const strings = ['', '/usr/lib/libwork.so'];
  const functions = table(4);
  const frames = table(4);
  const stacks = table(2);
  const named = (name, file, line, module) => {
    if (!strings.includes(name)) strings.push(name);
    return functions.add(strings.indexOf(name), file, line, module);
  };
  for (let i = 0; i < 8; i++) strings.push(`/proj/module${i}.py`);
  const pythons = Array.from({ length: 60 }, (_, i) =>
    named(`${['load', 'parse', 'step', 'visit', 'render'][i % 5]}_${i}`, 2 + (i % 8), i * 20, 0),
  );
  const leaves = [
    [named('dgemm_kernel', 0, 0, 1), kinds.native],
    [named('memcpy', 0, 0, 1), kinds.native],
    [named('read', 0, 0, 0), kinds.system],
    [named('waiting', 0, 0, 0), kinds.wait],
  ].map(([fn, kind]) => [frames.add(fn, 0, 0, kind), kind]);

  let path = [];
  const leafStacks = Array.from({ length: paths }, () => {
    const keep = path.slice(0, Math.floor(path.length * (0.3 + 0.65 * random())));
    const length = Math.max(2, Math.floor(depth * (0.3 + 0.7 * random())));
    while (keep.length < length) keep.push(pythons[below(pythons.length)]);
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
      let stack = leafStacks[at];
      let kind = kinds.python;
      if (random() < 0.4) {
        const [frame, leafKind] = leaves[below(leaves.length)];
        stack = stacks.add(frame, stack);
        kind = leafKind;
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
  const u32 = (values) => Uint32Array.from(values);
  const [name, file, line, module] = functions.columns.map(u32);
  const [fn, at, column, kind] = frames.columns;
  return {
    strings,
    functions: { name, file, line, module },
    frames: { function: u32(fn), line: u32(at), column: u32(column), kind: Uint8Array.from(kind) },
    stacks: { frame: u32(stacks.columns[0]), parent: Int32Array.from(stacks.columns[1]) },
    threads: tracks,
  };
}

/** Rows of one piece, as many as the server sends. */
const rowsPerPiece = 150_000;

/** The same tables in pieces: the first piece has all tables and its rows, the others have only rows. */
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
    threads: tables.threads.map(({ stack, time, wall, cpu, ...thread }) => {
      const part = (column) => column.slice(at * each, (at + 1) * each);
      return {
        ...{ coarseNs: 0, anewNs: Infinity, ...thread },
        ...{ stack: part(stack), time: part(time), wall: part(wall), cpu: part(cpu) },
      };
    }),
  }));
}
