/** What the lines and functions of a file have added up to, as plain data. */
import { costOfRow, costRow, wallOf } from '../cost';
import type { FileEntry, FunctionEntry, LineEntry } from './lineEntries';
import { worse } from '../memory/shares';
import type { Leak, MemoryCost } from '../memory/types';
import type { FileCost, FunctionCost, LineCost } from '../types';

/** none: the memory of a line that allocated nothing. */
export function buildFile(file: FileEntry, none: MemoryCost | null): FileCost {
  const lines: LineCost[] = [];
  const leaks = new Map<FunctionEntry, Leak | null>();
  for (const entry of file.lines.values()) {
    if (entry.memory || !isEmpty(entry.total)) {
      const line = (entry.built ??= buildLine(entry, none));
      lines.push(line);
      // A function leaks what its lines leak: its own figures would not tell, since it may run as long as the
      // program.
      const leak = worse(leaks.get(entry.function) ?? null, line.memory?.leak ?? null);
      leaks.set(entry.function, leak);
    }
  }
  const functions: FunctionCost[] = [];
  for (const entry of file.functions.values()) {
    if (entry.memory || !isEmpty(entry.total)) {
      functions.push({
        name: entry.name,
        qualname: entry.qualname,
        line: entry.line,
        self: costOfRow(entry.self, 0),
        total: costOfRow(entry.total, 0),
        helperThreads: entry.endedHelpers + (entry.helpers?.size ?? 0),
        memory: entry.memory
          ? { ...entry.memory.cost(undefined), leak: leaks.get(entry) ?? null }
          : none,
        ...(entry.gpu && { gpu: { ...entry.gpu } }),
      });
    }
  }
  lines.sort((a, b) => a.line - b.line);
  functions.sort((a, b) => a.line - b.line);
  return { path: file.path, lines, functions };
}

function buildLine(entry: LineEntry, none: MemoryCost | null): LineCost {
  const total = costOfRow(entry.total, 0);
  return {
    line: entry.line,
    function: entry.function.qualname,
    self: costOfRow(entry.self, 0),
    total,
    helperThreads: entry.endedHelpers + (entry.helpers?.size ?? 0),
    memory: entry.memory?.cost(wallOf(total)) ?? none,
    ...(entry.gpu && { gpu: { ...entry.gpu } }),
    natives: [...entry.natives.values()]
      .map((share) => ({ ...share }))
      .sort((a, b) => b.self - a.self),
  };
}

/** Whether there is no time and no sample. gil, runtime and unsure are parts of other kinds. */
function isEmpty(total: Float64Array): boolean {
  const { python, native, system, wait, queue, helper, samples } = costRow;
  return [python, native, system, wait, queue, helper, samples].every(
    (index) => total[index] === 0,
  );
}
