/**
 * The native frames that a person should see. Frames of the interpreter that only pass a call on are always left out,
 * so that equal calls look equal however they were made.
 */
import { isEvalLoop, type NativeFrame } from './classify';
import {
  compiled,
  evalLoop,
  makesInstance,
  plainSymbol,
  protocol,
  pythonCall,
  trampoline,
  upkeep,
} from './interpreterNames';
import { isInterpreter } from '../paths';

/** Where native frames are: above all Python frames, between two, below the outermost one, or without any. */
export type Place = 'above' | 'between' | 'below' | 'alone';

/** A native frame and its label. */
export interface LabelledFrame extends NativeFrame {
  label: string;
  /** File name of its library. */
  module: string;
}

/** Functions of the C library that enter the kernel for any system call. */
const anySystemCall = /^_*(internal_)?syscall_cancel(_arch)?\w*$/;
const locking = /futex|^_*lll_/;

/** The frames of a chain that a person should see, outermost first. Direct recursion is one frame. */
export function shownFrames<F extends LabelledFrame>(
  chain: readonly F[],
  place: Place,
): readonly F[] {
  const frames = beyondStart(chain, place).filter(visibleAt(place));
  const shown = frames.filter(
    ({ label, module }, index) =>
      index === 0 || label !== frames[index - 1]!.label || module !== frames[index - 1]!.module,
  );
  if (shown.length > 0 || place === 'between' || place === 'below') {
    return shown;
  }
  // Something was called here, and an unclear name is better than none.
  return chain.filter(({ moduleKind }) => moduleKind !== 'agent').slice(-1);
}

/** The system call of a chain that ends in the C library: `poll`; undefined if unknown. */
export function kernelEntry(chain: readonly NativeFrame[]): string | undefined {
  for (const { moduleKind, symbol } of chain.toReversed()) {
    if (moduleKind !== 'libc' || symbol === undefined) {
      return undefined;
    }
    const name = plainSymbol(symbol);
    if (!anySystemCall.test(name)) {
      return locking.test(name)
        ? 'futex'
        : name.replace(/^_+(GI_+|libc_)?/, '').replace(/(_nocancel|_?(time)?64)+$/, '') ||
            undefined;
    }
  }
  return undefined;
}

/** Without a Python frame below, the first frames are how threads and programs start. */
function beyondStart<F extends LabelledFrame>(chain: readonly F[], place: Place): readonly F[] {
  if (place === 'above') {
    return chain.slice(chain.findLastIndex(isEvalLoop) + 1);
  }
  if (place === 'between') {
    return chain;
  }
  const start = chain.findIndex(isForeign);
  return start < 0 ? [] : chain.slice(start);
}

function visibleAt(place: Place): (frame: LabelledFrame) => boolean {
  let upkeepRuns = false;
  return (frame) => {
    if (isForeign(frame)) {
      return true;
    }
    if (place === 'below' || frame.moduleKind === 'agent' || frame.moduleKind === 'other') {
      return false;
    }
    if (frame.moduleKind === 'libc') {
      return true;
    }
    const name = frame.symbol === undefined ? '' : plainSymbol(frame.symbol);
    // Python code that freeing or garbage collection runs, such as `__del__`, is not called by anybody.
    upkeepRuns ||= place === 'between' && upkeep.test(name);
    return !(name === '' || upkeepRuns || isGlue(name));
  };
}

/** Whether a frame is code of a library or a program that is neither CPython nor the C library. */
export function isForeign({ moduleKind, module, symbol }: LabelledFrame): boolean {
  // An interpreter in a shared library is started by a small program, and every program begins with _start.
  const isStart = isInterpreter(module) || symbol === '_start';
  return moduleKind === 'anonymous' || (moduleKind === 'other' && !isStart);
}

function isGlue(name: string): boolean {
  return (
    trampoline.test(name) ||
    evalLoop.test(name) ||
    pythonCall.test(name) ||
    makesInstance.test(name) ||
    protocol.test(name) ||
    (compiled.test(name) && !name.startsWith('builtin_'))
  );
}
