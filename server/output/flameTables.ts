/** All of a run's flame chart tables at once, for conversions. */
import type { FlameTables, FlameThread } from '../../profile/flame/tables';
import type { Run } from '../reading/run';

/** Joins the pieces that the flame chart would receive one by one. */
export function allFlameTables(run: Run): FlameTables {
  const pieces: FlameTables[] = [];
  for (let cursor = 0, more = true; more;) {
    const piece = run.builder.flameSince(cursor);
    if (piece.empty) break;
    pieces.push(piece.tables);
    cursor = piece.cursor;
    more = piece.more;
  }
  const numbers = (of: (piece: FlameTables) => Uint32Array): Uint32Array =>
    Uint32Array.from(concatenated(pieces.map(of)));
  return {
    strings: pieces.flatMap(({ strings }) => strings),
    functions: {
      name: numbers(({ functions }) => functions.name),
      file: numbers(({ functions }) => functions.file),
      line: numbers(({ functions }) => functions.line),
      module: numbers(({ functions }) => functions.module),
    },
    frames: {
      function: numbers(({ frames }) => frames.function),
      line: numbers(({ frames }) => frames.line),
      column: numbers(({ frames }) => frames.column),
      kind: Uint8Array.from(concatenated(pieces.map(({ frames }) => frames.kind))),
    },
    stacks: {
      frame: numbers(({ stacks }) => stacks.frame),
      parent: Int32Array.from(concatenated(pieces.map(({ stacks }) => stacks.parent))),
    },
    threads: joinThreads(pieces.flatMap(({ threads }) => threads)),
  };
}

function joinThreads(parts: readonly FlameThread[]): FlameThread[] {
  const byId = new Map<number, FlameThread[]>();
  for (const part of parts) {
    const known = byId.get(part.id);
    if (known) known.push(part);
    else byId.set(part.id, [part]);
  }
  return [...byId.values()].map((of) => ({
    // The last piece has the name that the thread had last.
    ...of.at(-1)!,
    stack: Uint32Array.from(concatenated(of.map(({ stack }) => stack))),
    time: Float64Array.from(concatenated(of.map(({ time }) => time))),
    wall: Float64Array.from(concatenated(of.map(({ wall }) => wall))),
    cpu: Float64Array.from(concatenated(of.map(({ cpu }) => cpu))),
  }));
}

function* concatenated(parts: readonly Iterable<number>[]): Generator<number> {
  for (const part of parts) yield* part;
}
