/** Writes collapsed stacks, as flame graph tools read them; in pieces, since a long run does not fit into one string. */
import type { FlameTables } from '../profile/flame/tables';

/** In a thread's rows: the stack is not known. */
const nothingKnown = 0xffffffff;

/** Yields lines, `outer;inner 123`: a stack and its own CPU time, µs, all threads together. */
export function* toCollapsed(tables: FlameTables): Generator<string> {
  const { stacks, frames, functions, strings } = tables;
  const cost = new Float64Array(stacks.frame.length);
  for (const { stack, cpu } of tables.threads) {
    stack.forEach((id, index) => {
      if (id !== nothingKnown) cost[id] = cost[id]! + cpu[index]!;
    });
  }
  const label = (frame: number): string => {
    const owner = frames.function[frame]!;
    const where = strings[functions.file[owner]!] || strings[functions.module[owner]!];
    const line = frames.line[frame] ? `:${frames.line[frame]}` : '';
    const text = `${strings[functions.name[owner]!]}${where ? ` (${where}${line})` : ''}`;
    return text.replace(/;/g, ',').replace(/\n/g, ' ');
  };
  const paths: string[] = [];
  for (let id = 0; id < stacks.frame.length; id++) {
    const parent = stacks.parent[id]!;
    paths[id] = (parent < 0 ? '' : `${paths[parent]};`) + label(stacks.frame[id]!);
    const microseconds = Math.round(cost[id]! / 1000);
    if (microseconds > 0) yield `${paths[id]} ${microseconds}\n`;
  }
}
