/** Writes speedscope's profiles; in pieces, since a long run does not fit into one string. */
import type { FlameTables, FlameThread } from '../profile/flame/tables';

const piece = 10_000;

/**
 * speedscope's file format (https://www.speedscope.app/file-format-schema.json): a sampled profile for each thread,
 * with weights in nanoseconds of wall time, so that its time order view is the thread's timeline. name: of the run.
 * exporter: the program that is named as the writer. Yields pieces of one JSON text.
 */
export function* toSpeedscope(
  tables: FlameTables,
  name: string,
  exporter: string,
): Generator<string> {
  const { frames, functions, strings } = tables;
  yield '{"$schema":"https://www.speedscope.app/file-format-schema.json"';
  yield `,"exporter":${JSON.stringify(exporter)},"name":${JSON.stringify(name)}`;
  yield ',"activeProfileIndex":0,"shared":{"frames":[';
  for (let id = 0; id < frames.function.length; id++) {
    const owner = frames.function[id]!;
    const file = strings[functions.file[owner]!] || strings[functions.module[owner]!] || undefined;
    const frame = {
      name: strings[functions.name[owner]!],
      file,
      line: frames.line[id] || undefined,
      col: frames.column[id] || undefined,
    };
    yield `${id === 0 ? '' : ','}${JSON.stringify(frame)}`;
  }
  yield ']},"profiles":[';
  const paths = stackPaths(tables);
  for (const [index, thread] of tables.threads.entries()) {
    const { samples, weights, start, end } = timeline(thread, paths);
    const title = `${thread.name || 'thread'} (${thread.pid}/${thread.tid})`;
    const head = {
      type: 'sampled',
      name: title,
      unit: 'nanoseconds',
      startValue: start,
      endValue: end,
    };
    yield `${index === 0 ? '' : ','}${JSON.stringify(head).slice(0, -1)},"samples":[`;
    yield* joined(samples);
    yield '],"weights":[';
    yield* joined(weights);
    yield ']}';
  }
  yield ']}\n';
}

/** Each stack's frames, outermost first, as JSON text. */
function stackPaths({ stacks }: FlameTables): string[] {
  const inside: string[] = [];
  for (let id = 0; id < stacks.frame.length; id++) {
    const parent = stacks.parent[id]!;
    inside[id] = parent < 0 ? `${stacks.frame[id]}` : `${inside[parent]},${stacks.frame[id]}`;
  }
  return inside.map((path) => `[${path}]`);
}

/** A thread's samples laid end to end; unknown times become empty stacks. */
function timeline(
  thread: FlameThread,
  paths: string[],
): { samples: string[]; weights: number[]; start: number; end: number } {
  const samples: string[] = [];
  const weights: number[] = [];
  const start = Math.max(0, thread.time[0] ?? 0);
  let end = start;
  for (let index = 0; index < thread.stack.length; index++) {
    // The first sample can reach back to before the recording began.
    const time = Math.max(0, thread.time[index]!);
    const wall = thread.wall[index]! - (time - thread.time[index]!);
    if (time > end) {
      samples.push('[]');
      weights.push(time - end);
    }
    samples.push(paths[thread.stack[index]!] ?? '[]');
    weights.push(wall);
    end = Math.max(end, time) + wall;
  }
  return { samples, weights, start, end };
}

function* joined(items: readonly (string | number)[]): Generator<string> {
  for (let at = 0; at < items.length; at += piece) {
    yield (at === 0 ? '' : ',') + items.slice(at, at + piece).join(',');
  }
}
