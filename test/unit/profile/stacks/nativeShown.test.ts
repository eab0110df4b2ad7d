import { expect, test } from 'vitest';
import {
  kernelEntry,
  shownFrames,
  type LabelledFrame,
  type Place,
} from '../../../../profile/stacks/nativeShown';

/** `name` is the interpreter's, `libc:name`, `other:name`, `python3.12:name` of its executable; `?` has no name. */
function chain(text: string): LabelledFrame[] {
  return text.split(' ').map((frame) => {
    const [first, second] = frame.split(':') as [string, string?];
    const name = second ?? first;
    const module = second === undefined ? 'libpython.so' : first;
    const kinds = { libc: 'libc', agent: 'agent', 'libpython.so': 'interpreter', jit: 'anonymous' };
    return {
      moduleKind: kinds[module as keyof typeof kinds] ?? 'other',
      symbol: name === '?' ? undefined : name,
      label: name === '?' ? '(no symbol)' : name,
      module,
    } as LabelledFrame;
  });
}

test.each<[string, Place, string, string]>([
  [
    'sorted, from its call to its key',
    'between',
    'cfunction_vectorcall_FASTCALL_KEYWORDS builtin_sorted PyObject_Vectorcall method_vectorcall_FASTCALL_KEYWORDS list_sort list_sort_impl _PyFunction_Vectorcall _PyEval_Vector',
    'builtin_sorted list_sort list_sort_impl',
  ],
  [
    'sorted, called another way, at work',
    'above',
    'builtin_sorted list_sort list_sort_impl unsafe_latin_compare',
    'builtin_sorted list_sort list_sort_impl unsafe_latin_compare',
  ],
  [
    'a method written in Python',
    'between',
    'PyNumber_Add binary_op1 slot_nb_add vectorcall_method _PyFunction_Vectorcall',
    '',
  ],
  [
    'an import',
    'between',
    'import_name PyImport_ImportModuleLevelObject PyObject_CallMethodObjArgs object_vacall',
    '',
  ],
  ['a class', 'between', 'builtin___build_class__ _PyEval_Vector', ''],
  ['an instance', 'between', '_PyObject_MakeTpCall type_call slot_tp_init', ''],
  [
    'deque(generator)',
    'between',
    'type_call deque_init deque_extend gen_iternext gen_send_ex2',
    'deque_init deque_extend',
  ],
  [
    'freeing out of sorting',
    'between',
    'list_sort_impl _Py_Dealloc subtype_dealloc slot_tp_finalize call_finalizer',
    'list_sort_impl',
  ],
  [
    'freeing while sorting',
    'above',
    'list_sort_impl _Py_Dealloc list_dealloc',
    'list_sort_impl _Py_Dealloc list_dealloc',
  ],
  [
    'a library calls back',
    'between',
    'cfunction_call ext.so:apply PyObject_CallOneArg ext.so:again',
    'apply again',
  ],
  [
    'libc calls back',
    'between',
    'cfunction_call ext.so:f libc:qsort_r ffi.so:closure PyObject_CallObject',
    'f qsort_r closure',
  ],
  [
    'an operator of a library',
    'above',
    'PyNumber_Multiply binary_op1 numpy.so:array_multiply libc:memcpy',
    'array_multiply memcpy',
  ],
  ['no names at all', 'between', '? PyObject_Vectorcall ?', ''],
  ['no names but something called', 'above', 'PyObject_Vectorcall ? ?', '(no symbol)'],
  ['recursion', 'above', 'json.so:write json.so:write json.so:write json.so:end', 'write end'],
  ['unwound too far', 'above', 'builtin_exec _PyEval_EvalFrameDefault math_sqrt', 'math_sqrt'],
  [
    'a small interpreter executable',
    'below',
    'python3.12:_start libc:__libc_start_main python3.12:main Py_BytesMain pymain_run_python run_mod',
    '',
  ],
  [
    'a program with Python inside',
    'below',
    'game:_start libc:__libc_start_main game:main game:script PyRun_SimpleString run_mod',
    'main script',
  ],
  [
    'a thread of Python',
    'below',
    'libc:clone3 libc:start_thread agent:run thread_run PyObject_Call',
    '',
  ],
  [
    'a thread of a library',
    'alone',
    'libc:clone3 libc:start_thread agent:run blas.so:blas_thread_server blas.so:exec libc:sched_yield',
    'blas_thread_server exec sched_yield',
  ],
  ['a thread of libc alone', 'alone', 'libc:clone3 libc:start_thread libc:poll', 'poll'],
  [
    'an extension that starts',
    'alone',
    'python3.12:_start Py_BytesMain import_x ext.so:PyInit_x PyModule_Create2 list_append',
    'PyInit_x list_append',
  ],
  ['generated code', 'between', 'cfunction_call jit:? _PyFunction_Vectorcall', '(no symbol)'],
])('frames that only carry a call are hidden: %s', (_, place, frames, shown) => {
  expect(
    shownFrames(chain(frames), place)
      .map(({ label }) => label)
      .join(' '),
  ).toBe(shown);
});

test.each([
  ['time_sleep pysleep libc:__clock_nanosleep', 'clock_nanosleep'],
  ['PyThread_acquire_lock_timed libc:sem_clockwait libc:__futex_abstimed_wait_common64', 'futex'],
  ['x libc:__GI___poll', 'poll'],
  ['x libc:__libc_recv libc:__syscall_cancel libc:__syscall_cancel_arch', 'recv'],
  ['x libc:__select64', 'select'],
  ['x libc:?', undefined],
  ['libc:read x', undefined],
])('the kernel entry of %s is %s', (frames, name) => {
  expect(kernelEntry(chain(frames))).toBe(name);
});
