/**
 * Python or native: whose work a sample's CPU time is, told after the fact from the native frames between the
 * eval loop and the interrupted instruction, and from the opcode that made the call.
 *
 * Code outside the interpreter and libc is native whoever called it. Code inside the interpreter is native when a call
 * reached a compiled callable (`sorted`), and otherwise CPython at work on a bytecode: python, counted as runtime too.
 */
import {
  compiled,
  evalLoop,
  makesInstance,
  plainSymbol,
  pythonCall,
  pythonInstance,
  trampoline,
  upkeep,
} from './interpreterNames';
import type { CallKind } from './opcodes';
import type { ModuleKind } from '../../recording/records';

/** One native frame. */
export interface NativeFrame {
  moduleKind: ModuleKind;
  /** undefined when nobody knows the function's name. */
  symbol: string | undefined;
}

/** runtime is python time in CPython's own helpers. */
export type Work = 'python' | 'runtime' | 'native';

/**
 * Classifies a sample. chain runs from the function that the eval loop called to the interrupted one; empty means that
 * the eval loop itself was interrupted. kind is that of the innermost Python frame's opcode.
 */
export function classify(kind: CallKind, chain: readonly NativeFrame[]): Work {
  const frames = callChain(chain);
  if (frames.length === 0) {
    return 'python';
  }
  if (frames.some(({ moduleKind }) => moduleKind === 'other' || moduleKind === 'anonymous')) {
    return 'native';
  }
  if (kind === 'none') {
    return 'runtime';
  }
  const told = bySymbols(frames);
  if (told !== undefined) {
    return told;
  }
  if (kind === 'builtin') {
    return 'native';
  }
  // A call site that was specialised for Python functions, or an opcode that may not be a call at all.
  if (kind === 'python' || kind === 'unknown') {
    return 'runtime';
  }
  return afterTrampolines(frames) ? 'native' : 'runtime';
}

/**
 * Classifies a sample without a Python frame: the interpreter starting, ending, or between programs is runtime; a thread
 * that Python did not start, or a library the interpreter called, is native. What is below the interpreter (`_start`, the
 * `python` executable where it is a small one) does not count.
 */
export function classifyWithoutPython(chain: readonly NativeFrame[]): Work {
  const inside = chain.slice(chain.findIndex(({ moduleKind }) => moduleKind === 'interpreter'));
  const [first] = inside;
  return first?.moduleKind === 'interpreter' &&
    !inside.some(({ moduleKind }) => moduleKind === 'other' || moduleKind === 'anonymous')
    ? 'runtime'
    : 'native';
}

/** What was called since the innermost eval loop, the agent's own frames left out. */
function callChain(chain: readonly NativeFrame[]): readonly NativeFrame[] {
  let start = chain.length;
  while (start > 0 && !isEvalLoop(chain[start - 1]!)) {
    start--;
  }
  return chain.slice(start).filter(({ moduleKind }) => moduleKind !== 'agent');
}

/** Whether a frame is the loop that runs bytecode. */
export function isEvalLoop({ moduleKind, symbol }: NativeFrame): boolean {
  return moduleKind === 'interpreter' && symbol !== undefined && evalLoop.test(plainSymbol(symbol));
}

/** What the names say, or undefined when they leave it open. All frames are the interpreter's or libc's. */
function bySymbols(frames: readonly NativeFrame[]): Work | undefined {
  for (const [index, { moduleKind, symbol }] of frames.entries()) {
    if (symbol === undefined || moduleKind === 'libc') {
      return undefined;
    }
    const name = plainSymbol(symbol);
    // Class statements and generators look like builtins by name, so they come first.
    if (pythonCall.test(name) || upkeep.test(name)) {
      return 'runtime';
    }
    if (compiled.test(name)) {
      return 'native';
    }
    if (makesInstance.test(name)) {
      const next = frames[index + 1];
      return next === undefined || next.moduleKind === 'libc'
        ? 'runtime'
        : next.symbol === undefined
          ? undefined
          : pythonInstance.test(plainSymbol(next.symbol))
            ? 'runtime'
            : 'native';
    }
    if (!trampoline.test(name)) {
      return undefined;
    }
  }
  return 'runtime';
}

/**
 * For a call that neither opcode nor names explain: did it get anywhere? A named function behind the trampolines is
 * a compiled callable's own (`list_vectorcall`). Without names (a stripped interpreter exports few), one frame may be the
 * last trampoline or the making of an instance; two mean that something was called, and so does libc at work for a
 * function behind a trampoline. libc alone is the eval loop's own use of it.
 */
function afterTrampolines(frames: readonly NativeFrame[]): boolean {
  const start = frames.findIndex(
    ({ symbol }) => symbol === undefined || !trampoline.test(plainSymbol(symbol)),
  );
  const [first, second] = frames.slice(start);
  if (first === undefined || first.moduleKind === 'libc') {
    return false;
  }
  if (first.symbol !== undefined) {
    return true;
  }
  if (second === undefined || second.moduleKind === 'libc') {
    return second !== undefined && start > 0;
  }
  return second.symbol === undefined || !pythonInstance.test(plainSymbol(second.symbol));
}
