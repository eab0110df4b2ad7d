/**
 * Whether a sample's CPU time is Python's or native. The native frames between the eval loop and the interrupted
 * instruction tell, and the opcode that made the call.
 *
 * Code outside the interpreter and libc is native, no matter what called it. Code inside the interpreter is native if
 * a call reached a compiled callable (`sorted`). Otherwise it is CPython at work on a bytecode: python, counted as
 * runtime too.
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
  /** undefined if the function has no name. */
  symbol: string | undefined;
}

/** runtime: python time in CPython's own C functions. */
export type Work = 'python' | 'runtime' | 'native';

/**
 * Classifies a sample. chain: from the function that the eval loop called to the interrupted one; empty: the eval
 * loop itself was interrupted. kind: of the opcode in the innermost Python frame.
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
  const work = bySymbols(frames);
  if (work !== undefined) {
    return work;
  }
  if (kind === 'builtin') {
    return 'native';
  }
  // The call was specialised for Python functions, or the opcode may not be a call at all.
  if (kind === 'python' || kind === 'unknown') {
    return 'runtime';
  }
  return afterTrampolines(frames) ? 'native' : 'runtime';
}

/**
 * Classifies a sample without a Python frame. The interpreter when it starts or ends, or between programs, is
 * runtime. A thread that Python did not start, or a library that the interpreter called, is native. What is below the
 * interpreter (`_start`, a small `python` executable) does not count.
 */
export function classifyWithoutPython(chain: readonly NativeFrame[]): Work {
  const inside = chain.slice(chain.findIndex(({ moduleKind }) => moduleKind === 'interpreter'));
  const [first] = inside;
  return first?.moduleKind === 'interpreter' &&
    !inside.some(({ moduleKind }) => moduleKind === 'other' || moduleKind === 'anonymous')
    ? 'runtime'
    : 'native';
}

/** The frames above the innermost eval loop, without the agent's own. */
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

/** What the names of functions tell; undefined: nothing. All frames are the interpreter's or libc's. */
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
 * Whether a call that neither opcode nor names explain reached a compiled callable. A named function above the
 * trampolines belongs to one (`list_vectorcall`). Without names, as in a stripped interpreter, one frame may be the
 * last trampoline or the creation of an instance; two frames mean that something was called, and so does libc working
 * for a function above a trampoline. libc alone is the eval loop's own use of it.
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
