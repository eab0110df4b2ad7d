import { expect, test } from 'vitest';
import { callOpcodes } from '../../../../profile/stacks/callOpcodes';
import {
  classify,
  classifyWithoutPython,
  type NativeFrame,
} from '../../../../profile/stacks/classify';
import { callKind } from '../../../../profile/stacks/opcodes';

/** `name` is the interpreter's, `libc:name`, `other:name`; `?` has no name. */
function chain(...frames: string[]): NativeFrame[] {
  return frames.map((frame) => {
    const [kind, name] = frame.includes(':') ? frame.split(':') : ['interpreter', frame];
    return {
      moduleKind: kind as NativeFrame['moduleKind'],
      symbol: name === '?' ? undefined : name,
    };
  });
}

test('opcodes of every version are classified by the kind of call', () => {
  expect(callKind(0x030912f0, 131)).toBe('generic');
  expect(callKind(0x030912f0, 161)).toBe('generic');
  expect(callKind(0x030912f0, 23)).toBe('none');
  expect(callKind(0x030b07f0, 78)).toBe('builtin');
  expect(callKind(0x030b07f0, 23)).toBe('python');
  expect(callKind(0x030b07f0, 65)).toBe('python');
  expect(callKind(0x030b07f0, 22)).toBe('generic');
  expect(callKind(0x030d00f0, 175)).toBe('builtin');
  expect(callKind(0x030d00f0, 176)).toBe('generic');
  expect(callKind(0x030d00f0, 162)).toBe('python');
  expect(callKind(0x031000f0, 53)).toBe('unknown');
  expect(callKind(0, 53)).toBe('unknown');
  expect(Object.keys(callOpcodes)).toEqual(['9', '10', '11', '12', '13', '14', '15']);
  expect(callKind(0x030e0af0, 147)).toBe('builtin');
  expect(callKind(0x030e0af0, 153)).toBe('python');
  expect(callKind(0x030e0af0, 160)).toBe('generic');
  expect(callKind(0x030f02f0, 147)).toBe('builtin');
  expect(callKind(0x030f02f0, 152)).toBe('python');
  expect(callKind(0x030f02f0, 4)).toBe('generic');
});

test.each<[string, Parameters<typeof classify>[0], NativeFrame[], string]>([
  ['the eval loop', 'generic', [], 'python'],
  ['its cold half', 'none', chain('_PyEval_EvalFrameDefault.cold'), 'python'],
  ['a tail-call handler', 'none', chain('_TAIL_CALL_BINARY_OP.llvm.123'), 'python'],
  ['a + b on ints', 'none', chain('long_add', 'x_add'), 'runtime'],
  ['a * b on arrays', 'none', chain('PyNumber_Multiply', 'other:array_multiply'), 'native'],
  ['memcpy for numpy', 'none', chain('other:?', 'libc:memcpy'), 'native'],
  ['code without a file', 'none', chain('anonymous:?'), 'native'],
  ['malloc for the eval loop', 'none', chain('PyObject_Malloc', 'libc:malloc'), 'runtime'],
  ['malloc for a call', 'generic', chain('libc:malloc'), 'runtime'],
  ['sorted', 'builtin', chain('builtin_sorted', 'list_sort_impl'), 'native'],
  ['list.append', 'builtin', chain('list_resize', 'libc:realloc'), 'native'],
  ['freeing arguments', 'builtin', chain('_Py_Dealloc', 'list_dealloc'), 'runtime'],
  ['collecting', 'generic', chain('_Py_HandlePending', '_Py_RunGC', 'gc_collect_main'), 'runtime'],
  ['gc.collect()', 'generic', chain('cfunction_vectorcall_NOARGS', 'gc_collect'), 'native'],
  [
    'sum on 3.9',
    'generic',
    chain('_PyObject_Vectorcall', 'cfunction_vectorcall_FASTCALL', 'builtin_sum'),
    'native',
  ],
  [
    'str.join on 3.9',
    'generic',
    chain('method_vectorcall_O.constprop.0', 'PyUnicode_Join'),
    'native',
  ],
  [
    'entering a Python function',
    'generic',
    chain('_PyFunction_Vectorcall.lto_priv.0', '_PyFrame_New_NoTrack'),
    'runtime',
  ],
  [
    'a Python instance',
    'generic',
    chain('_PyObject_MakeTpCall', 'type_call', 'object_new'),
    'runtime',
  ],
  ['a Python __init__', 'generic', chain('type_call', 'slot_tp_init'), 'runtime'],
  ['set(x)', 'generic', chain('_PyObject_MakeTpCall', 'type_call', 'set_init'), 'native'],
  ['list(x)', 'generic', chain('PyObject_Vectorcall', 'list_vectorcall', 'list_extend'), 'native'],
  ['a class statement', 'builtin', chain('builtin___build_class__', 'type_new'), 'runtime'],
  ['a miss of a Python call', 'python', chain('cfunction_vectorcall_O', 'math_sqrt'), 'native'],
  ['a Python call', 'python', chain('?'), 'runtime'],
  ['trampolines alone', 'generic', chain('PyObject_Vectorcall', '_PyObject_MakeTpCall'), 'runtime'],
  ['stripped, deep', 'generic', chain('PyObject_Vectorcall', '?', '?'), 'native'],
  ['stripped, deep, libc', 'generic', chain('PyObject_Vectorcall', '?', '?', 'libc:?'), 'native'],
  ['stripped, shallow', 'generic', chain('PyObject_Vectorcall', '?'), 'runtime'],
  ['stripped, memset', 'generic', chain('_PyObject_MakeTpCall', '?', 'libc:memset'), 'native'],
  ['stripped, no trampoline', 'generic', chain('?', 'libc:malloc'), 'runtime'],
  ['freeing after a call', 'generic', chain('_PyObject_MakeTpCall', 'tupledealloc'), 'runtime'],
  ['checking an instance', 'generic', chain('type_call', '_Py_CheckFunctionResult'), 'runtime'],
  ['stripped instance', 'generic', chain('?', 'PyType_GenericAlloc'), 'runtime'],
  ['unknown version, named', 'unknown', chain('cfunction_vectorcall_O', 'x'), 'native'],
  ['unknown version', 'unknown', chain('long_add'), 'runtime'],
  [
    'unwound too far',
    'none',
    chain(
      '_PyEval_Vector',
      '_PyEval_EvalFrameDefault',
      'other:f',
      '_PyEval_EvalFrameDefault',
      'long_add',
    ),
    'runtime',
  ],
])('with a Python frame, the kind of work is told: %s', (_, kind, frames, work) => {
  expect(classify(kind, frames)).toBe(work);
});

test.each<[string, NativeFrame[], string]>([
  ['starting', chain('other:_start', 'libc:main', 'Py_BytesMain', 'init'), 'runtime'],
  ['importing a library', chain('other:_start', 'Py_BytesMain', 'other:PyInit_x'), 'native'],
  ['a thread of OpenBLAS', chain('libc:clone', 'other:blas_thread'), 'native'],
  ['nothing known', [], 'native'],
])('without a Python frame, the kind of work is told: %s', (_, frames, work) => {
  expect(classifyWithoutPython(frames)).toBe(work);
});
