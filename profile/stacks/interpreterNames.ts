/** The names of CPython's own C functions, by what they do between a bytecode and the function that it calls. */

/** A symbol without what compilers append to the name of a function that they split or cloned. */
export function plainSymbol(symbol: string): string {
  return symbol.replace(/(\.(constprop|isra|part|cold|lto_priv|llvm|localalias)(\.\d+)?)+$/, '');
}

/**
 * Functions that pass a call on to the callable; they do not tell what it is. `_init` is the name nearest to jumps to
 * other libraries.
 */
export const trampoline = new RegExp(
  '^(_?PyObject_(Vectorcall\\w*|FastCall\\w*|Call\\w*|MakeTpCall)|_?PyVectorcall_\\w+|_PyStack_\\w+|' +
    'call_function|do_call_core|method_vectorcall|method_call|vectorcall_method|_?PyObject_VectorcallMethod|' +
    '_init|wrap_\\w+|trace_call_function|object_vacall|_Py_VectorCall\\w*|_PyFunction_VectorCallTrampoline)$',
);
/** Functions that call compiled functions and methods; what they call is the callable's own work. */
export const compiled =
  /^(cfunction_\w+|_?PyCFunction_\w+|_PyCFunction\w*|method_vectorcall_\w+|builtin_\w+|_?PyMethodDescr_\w+|classmethoddescr_\w+|wrapper_call|wrapperdescr_\w+)$/;
/** Functions that enter Python functions, resume generators, call methods written in Python, or run class statements. */
export const pythonCall = new RegExp(
  '^(_PyFunction_\\w+|function_code_fastcall|_?PyEval_\\w+|_PyEvalFrame\\w*|_?PyFrame_\\w+|frame_\\w+|slot_\\w+|' +
    'vectorcall_maybe|lookup_(maybe_)?method|gen_\\w+|_?PyGen_\\w+|coro_\\w+|_?PyCoro_\\w+|async_gen_\\w+|' +
    'initialize_locals|_Py_Specialize_\\w+|specialize_\\w+|_PyCode_\\w+|_?PyThreadState_\\w+|push_chunk|' +
    'clear_(thread_)?(gen_)?frame|_PyObject_Init\\w+|init_inline_values|PyType_GenericAlloc|_PyType_Alloc\\w*|' +
    'builtin___build_class__)$',
);
/** Clean-up and book-keeping around a call: freeing, collecting garbage, packing arguments, checking the result. */
export const upkeep = new RegExp(
  '^(_Py_Dealloc|\\w*dealloc|_PyGC_\\w+|_Py_RunGC|_Py_HandlePending|eval_frame_handle_pending|handle_signals|' +
    'gc_collect_(main|generations|with_callback|region|young|full|increment)|_?PyObject_GC_\\w+|' +
    '_?PyObject_(Malloc|Free|Calloc|Realloc)|_?PyMem_\\w+|pymalloc_\\w+|PyTuple_New|tuple_alloc|_PyTuple_From\\w+|' +
    'PyDict_New|PyDict_SetItem|_PyDict_(FromItems|MergeEx)|dict_merge|_Py_CheckFunctionResult|_?PyErr_\\w+|' +
    '_PyTrash_\\w+|take_gil|drop_gil|_PyEval_\\w+)$',
);
export const makesInstance = /^(type_call|type_new|_PyType_\w+|type_vectorcall_\w+)$/;
/** Functions that create an instance of a class written in Python; a compiled class has functions of its own. */
export const pythonInstance =
  /^(object_new|object_init|slot_tp_\w+|PyType_Generic\w+|_PyType_\w+|_?PyObject_\w+|_PyLookup\w+|excess_args|_Py_CheckFunctionResult|_Py_Dealloc|\w*dealloc)$/;
export const evalLoop = /^(_PyEval_EvalFrameDefault|_TAIL_CALL_\w+|_PyEval_EvalFrame)$/;

/** Functions for operators, attributes, subscripts, iteration and imports: they find the code to run, and run it. */
export const protocol = new RegExp(
  '^(_?Py(Number|Sequence(?!_List|_Tuple)|Mapping|Iter|Import|Run)_\\w+|_?PyObject_(?!Malloc|Free|Calloc|Realloc|GC_)\\w+|' +
    '(binary|ternary)_i?op1?|do_richcompare|_Py_slot_\\w+|object_is(instance|subclass)|object_recursive_isinstance|' +
    'import_\\w+|call_attribute|call_unbound\\w*|property_descr_\\w+|super_getattro|do_super_lookup|' +
    '_?PySuper_\\w+|_?PyModule_\\w+|module_getattro|type_getattro|run_(mod|eval_code_obj)|pymain_\\w+|' +
    'Py_(RunMain|BytesMain)|thread_run|pythread_wrapper)$',
);
