/**
 * Python or native: whose work a sample's CPU time is, told after the fact from the native frames between the
 * eval loop and the interrupted instruction, and from the opcode that made the call.
 *
 * Code outside the interpreter and libc is native whoever called it. Code inside the interpreter is native when a call
 * reached a compiled callable (`sorted`), and otherwise CPython at work on a bytecode: python, counted as runtime too.
 */
import type { CallKind } from './opcodes';
import type { ModuleKind } from './records';

/** One native frame. */
export interface NativeFrame {
  moduleKind: ModuleKind;
  /** undefined when nobody knows the function's name. */
  symbol: string | undefined;
}

/** runtime is python time in CPython's own helpers. */
export type Work = 'python' | 'runtime' | 'native';

/** How calls travel to the callable; they say nothing about what it is. `_init` is how jumps to other libraries look. */
const trampoline = new RegExp(
  '^(_?PyObject_(Vectorcall\\w*|FastCall\\w*|Call\\w*|MakeTpCall)|_?PyVectorcall_\\w+|_PyStack_\\w+|' +
    'call_function|do_call_core|method_vectorcall|method_call|vectorcall_method|_?PyObject_VectorcallMethod|' +
    '_init|wrap_\\w+|trace_call_function|object_vacall|_Py_VectorCall\\w*|_PyFunction_VectorCallTrampoline)$',
);
/** The machinery for compiled functions and methods; from there on everything is the callable's own work. */
const compiled =
  /^(cfunction_\w+|_?PyCFunction_\w+|_PyCFunction\w*|method_vectorcall_\w+|builtin_\w+|_?PyMethodDescr_\w+|classmethoddescr_\w+|wrapper_call|wrapperdescr_\w+)$/;
/** Entering Python functions, resuming generators, calling methods written in Python; a class statement too. */
const pythonCall = new RegExp(
  '^(_PyFunction_\\w+|function_code_fastcall|_?PyEval_\\w+|_PyEvalFrame\\w*|_?PyFrame_\\w+|frame_\\w+|slot_\\w+|' +
    'vectorcall_maybe|lookup_(maybe_)?method|gen_\\w+|_?PyGen_\\w+|coro_\\w+|_?PyCoro_\\w+|async_gen_\\w+|' +
    'initialize_locals|_Py_Specialize_\\w+|specialize_\\w+|_PyCode_\\w+|_?PyThreadState_\\w+|push_chunk|' +
    'clear_(thread_)?(gen_)?frame|_PyObject_Init\\w+|init_inline_values|PyType_GenericAlloc|_PyType_Alloc\\w*|' +
    'builtin___build_class__)$',
);
/** Clean-up and book-keeping around a call: freeing, collecting, packing arguments, checking the result. */
const upkeep = new RegExp(
  '^(_Py_Dealloc|\\w*dealloc|_PyGC_\\w+|_Py_RunGC|_Py_HandlePending|eval_frame_handle_pending|handle_signals|' +
    'gc_collect_(main|generations|with_callback|region|young|full|increment)|_?PyObject_GC_\\w+|' +
    '_?PyObject_(Malloc|Free|Calloc|Realloc)|_?PyMem_\\w+|pymalloc_\\w+|PyTuple_New|tuple_alloc|_PyTuple_From\\w+|' +
    'PyDict_New|PyDict_SetItem|_PyDict_(FromItems|MergeEx)|dict_merge|_Py_CheckFunctionResult|_?PyErr_\\w+|' +
    '_PyTrash_\\w+|take_gil|drop_gil|_PyEval_\\w+)$',
);
const makesInstance = /^(type_call|type_new|_PyType_\w+|type_vectorcall_\w+)$/;
/** What making an instance of a class written in Python looks like; a compiled class has functions of its own. */
const pythonInstance =
  /^(object_new|object_init|slot_tp_\w+|PyType_Generic\w+|_PyType_\w+|_?PyObject_\w+|_PyLookup\w+|excess_args|_Py_CheckFunctionResult|_Py_Dealloc|\w*dealloc)$/;
const evalLoop = /^(_PyEval_EvalFrameDefault|_TAIL_CALL_\w+|_PyEval_EvalFrame)$/;

/** A symbol without what compilers append to the name of a function they split or cloned. */
export function plainSymbol(symbol: string): string {
  return symbol.replace(/(\.(constprop|isra|part|cold|lto_priv|llvm|localalias)(\.\d+)?)+$/, '');
}

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

/**
 * Index of the first frame of a native sample's chain worth showing to a person: the called function itself, behind
 * the interpreter's trampolines.
 */
export function firstShown(chain: readonly NativeFrame[]): number {
  for (const [index, { moduleKind, symbol }] of chain.entries()) {
    const name = symbol === undefined ? '' : plainSymbol(symbol);
    const plumbing =
      name !== '' &&
      (trampoline.test(name) ||
        evalLoop.test(name) ||
        (compiled.test(name) && !name.startsWith('builtin_')) ||
        name === 'type_call');
    if (moduleKind !== 'agent' && !(moduleKind === 'interpreter' && plumbing)) {
      return index;
    }
  }
  return chain.length === 0 ? 0 : chain.length - 1;
}

/** What was called since the innermost eval loop, the agent's own frames left out. */
function callChain(chain: readonly NativeFrame[]): readonly NativeFrame[] {
  let start = chain.length;
  while (start > 0 && !isEvalLoop(chain[start - 1]!)) {
    start--;
  }
  return chain.slice(start).filter(({ moduleKind }) => moduleKind !== 'agent');
}

function isEvalLoop({ moduleKind, symbol }: NativeFrame): boolean {
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
