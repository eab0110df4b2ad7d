/** One file reached under several names (links) is still one file. */
import { addCost } from '../../profile/cost';
import { addMemories } from '../../profile/memory/shares';
import type { Cost, FileCost, FunctionCost, LineCost } from '../../profile/types';

/** The sum of what was recorded of one file under different paths, with the first path; undefined for no parts. */
export function mergeFiles(parts: readonly FileCost[]): FileCost | undefined {
  const [first, ...others] = parts;
  if (!first || others.length === 0) return first;
  const lines = new Map<number, LineCost>();
  const functions = new Map<string, FunctionCost>();
  for (const part of parts) {
    for (const line of part.lines) {
      const known = lines.get(line.line);
      lines.set(line.line, known ? addLines(known, line) : line);
    }
    for (const item of part.functions) {
      const key = `${item.line} ${item.qualname}`;
      const known = functions.get(key);
      functions.set(
        key,
        known
          ? {
              ...known,
              self: addCosts(known.self, item.self),
              total: addCosts(known.total, item.total),
              memory: addMemories(known.memory, item.memory),
            }
          : item,
      );
    }
  }
  return {
    path: first.path,
    lines: [...lines.values()].sort((a, b) => a.line - b.line),
    functions: [...functions.values()].sort((a, b) => a.line - b.line),
  };
}

function addLines(a: LineCost, b: LineCost): LineCost {
  const natives = new Map<string, LineCost['natives'][number]>();
  for (const share of [...a.natives, ...b.natives]) {
    const key = `${share.module} ${share.symbol}`;
    natives.set(key, { ...share, self: share.self + (natives.get(key)?.self ?? 0) });
  }
  return {
    ...a,
    self: addCosts(a.self, b.self),
    total: addCosts(a.total, b.total),
    memory: addMemories(a.memory, b.memory),
    natives: [...natives.values()].sort((x, y) => y.self - x.self),
  };
}

function addCosts(a: Cost, b: Cost): Cost {
  const sum = { ...a };
  addCost(sum, b);
  return sum;
}
