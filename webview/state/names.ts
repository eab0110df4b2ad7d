/** The names of frames, threads and kinds. */
import type { FlameStore } from '../model/store';
import type { Track } from '../model/track';
import type { FrameKind } from '../../profile/flame/tables';
import { baseName } from '../../profile/paths';

const kindNames: Record<FrameKind, string> = {
  python: 'Python',
  native: 'native',
  system: 'system (kernel)',
  wait: 'waiting',
  gil: 'waiting for the GIL',
  queue: 'waiting for a core',
};

/** A kind in words. */
export function kindName(kind: FrameKind): string {
  return kindNames[kind];
}

/** A frame's function, or what the frame is when it has no name. */
export function frameName(store: FlameStore, stack: number): string {
  const fn = store.frameFunction[store.stackFrame[stack]!]!;
  return store.strings[store.functionName[fn]!] || kindNames[store.kindOf(stack)];
}

/** Where a frame is: path and the line it executes (its function's first line when unknown), or the library. */
export function frameSource(
  store: FlameStore,
  stack: number,
): { path: string; line: number; column: number; module: string } {
  const frame = store.stackFrame[stack]!;
  const fn = store.describeFunction(store.frameFunction[frame]!);
  return {
    path: fn.file,
    line: store.frameLine[frame]! || fn.line,
    column: store.frameColumn[frame]!,
    module: fn.module,
  };
}

/** `hot.py:12`, or the library's name, or nothing. */
export function shortSource(store: FlameStore, stack: number): string {
  const { path, line, module } = frameSource(store, stack);
  if (!path) return baseName(module);
  return line > 0 ? `${baseName(path)}:${line}` : baseName(path);
}

/** The source line a frame leads to: its own, or for compiled code the Python line that called it; null when none. */
export function sourceToOpen(
  store: FlameStore,
  stack: number,
): { path: string; line: number; column: number } | null {
  for (let at = stack; at >= 0; at = store.stackParent[at]!) {
    const { path, line, column } = frameSource(store, at);
    if (path && line > 0) return { path, line, column };
  }
  return null;
}

/** A thread's name, or its number. */
export function threadName({ name, tid }: Track): string {
  return name || `Thread ${tid}`;
}

/** A stack as text, outermost frame first, one per line. */
export function stackText(store: FlameStore, stack: number): string {
  const lines: string[] = [];
  for (let at = stack; at >= 0; at = store.stackParent[at]!) {
    const { path, line, module } = frameSource(store, at);
    const source = path ? `${path}:${line}` : module;
    lines.push(source ? `${frameName(store, at)}  (${source})` : frameName(store, at));
  }
  return lines.reverse().join('\n');
}
