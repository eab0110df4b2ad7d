// Where CPython keeps what the agent reads: offsets in bytes in its structures, and what else depends on the version.
// layouts.c has the numbers of each version. Offsets that are the same in all versions are at the end of this file.
#pragma once
#include "base.h"

// The supported versions: 3.9 to 3.15.
#define OLDEST_MINOR 9
#define NEWEST_MINOR 15
#define KNOWN_VERSIONS "CPython 3.9 to 3.15"

// TaskObj of Modules/_asynciomodule.c.
struct task_layout {
  uint8_t state;      // task_state
  uint8_t waiter;     // task_fut_waiter
  uint8_t coroutine;  // task_coro
  uint8_t node;       // task_node, from 3.14 on
};

// One version. A field that a version lacks, or that is not read there, has 0. Each comment names CPython's member.
struct layout {
  struct {         // _PyRuntime
    uint16_t gil;  // ceval.gil, before 3.12
  } runtime;
  struct {             // PyInterpreterState
    uint16_t next;     // next
    uint16_t threads;  // tstate_head; threads.head from 3.11 on
    uint16_t modules;  // modules; imports.modules from 3.12 on
    uint16_t gil;      // ceval.gil: a pointer to the lock that it uses, from 3.12 on
  } interpreter;
  struct {               // PyThreadState
    uint16_t next;       // next
    uint16_t interp;     // interp
    uint16_t thread_id;  // thread_id
    uint16_t frame;      // frame; cframe in 3.11 and 3.12; current_frame from 3.13 on
    uint16_t root;       // root_cframe in 3.11 and 3.12: the outermost cframe, which no invocation keeps
    uint16_t chunk;      // datastack_chunk from 3.11 on: the newest chunk of the data stack
  } tstate;
  struct {             // _PyCFrame, in 3.11 and 3.12
    uint16_t current;  // current_frame; `previous` follows
  } cframe;
  struct {                     // PyFrameObject; _PyInterpreterFrame from 3.11 on
    uint16_t previous;         // f_back; previous from 3.11 on
    uint16_t code;             // f_code; f_executable from 3.13 on
    uint16_t instruction;      // f_lasti; prev_instr in 3.11 and 3.12; instr_ptr from 3.13 on
    uint16_t owner;            // owner, from 3.11 on
    uint16_t locals;           // f_localsplus; localsplus from 3.11 on: the first local variable
    uint8_t instruction_unit;  // before 3.11: how many bytes f_lasti counts as one
    uint8_t is_entry;          // is_entry, in 3.11
    uint8_t object;            // frame_obj, in 3.12
    uint8_t state;             // f_state, in 3.10
    uint8_t values;            // f_valuestack, in 3.10: a pointer to the value stack
    // The top of the value stack. A pointer: f_stacktop in 3.9, stackpointer from 3.14 on. A count of values:
    // f_stackdepth in 3.10, stacktop from 3.11 to 3.13 (from `locals` on).
    uint8_t top;
    bool top_is_count;
    uint8_t awaited;  // where `top` is a pointer: what a suspended frame awaits lies this many bytes before it
  } frame;
  struct {          // PyGenObject, the same for coroutines
    uint8_t frame;  // gi_frame: a pointer to the frame; gi_iframe from 3.11 on: the frame itself
    uint8_t state;  // gi_frame_state, from 3.11 on
    // The value of `state` (of frame.state in 3.10) for a suspended generator, and for one that awaits another one.
    // They are the same before 3.13, and 0 in 3.9, which has no state.
    int8_t suspended, awaiting;
  } generator;
  struct {                // PyCodeObject
    uint16_t filename;    // co_filename
    uint16_t name;        // co_name
    uint16_t qualname;    // co_qualname, from 3.11 on
    uint16_t first_line;  // co_firstlineno
    uint16_t table;       // co_lnotab in 3.9; co_linetable from 3.10 on
    uint16_t bytecode;    // co_code: a pointer to bytes; co_code_adaptive from 3.11 on: the bytecode itself
    uint8_t names;        // co_names
  } code;
  struct {         // PyFunctionObject
    uint8_t code;  // func_code
  } function;
  struct {          // PyBytesObject
    uint16_t data;  // ob_sval
  } bytes;
  struct {             // PyASCIIObject and PyCompactUnicodeObject
    uint16_t ascii;    // size of PyASCIIObject, which ASCII characters follow
    uint16_t compact;  // size of PyCompactUnicodeObject, which other characters follow: 16 more
  } str;
  struct {             // PyLongObject
    uint8_t tag_bits;  // from 3.12 on: bits of lv_tag below the number of digits; 0: ob_size is this number
  } integer;
  struct {          // PyTupleObject
    uint8_t items;  // ob_item
  } tuple;
  struct {                // PyDictKeysObject
    uint8_t size;         // dk_size, before 3.11
    uint8_t index_bytes;  // dk_log2_index_bytes, from 3.11 on
    uint8_t kind;         // dk_kind, from 3.11 on
    uint8_t entries;      // dk_nentries
    uint8_t indices;      // dk_indices
  } keys;
  // Attributes of an object whose type has TYPE_FLAG_MANAGED_DICT, from 3.11 on.
  struct {
    uint8_t dict;          // the pointer to its dict lies this many bytes before the object
    uint8_t values;        // in 3.11: a pointer to its values without a dict lies this many bytes before the object
    bool dict_or_values;   // in 3.12 one place serves both: the address of values is stored minus 1
    uint8_t first;         // PyDictValues.values: 0 before 3.13
    uint16_t cached_keys;  // PyHeapTypeObject.ht_cached_keys: the keys of values without a dict
  } attributes;
  struct task_layout task;
  struct {           // greenlet's TGreenlet
    uint16_t stack;  // stack_state: behind a copy of what PyThreadState says of exceptions
  } greenlet;
  // In the eval loop's machine code: the first frame may be incomplete until this many bytes behind the store that
  // makes it visible. From 3.11 on.
  uint16_t linking_bytes;
};

// Fills in the layout of a supported version. `runtime` points to its _PyRuntime: what the interpreter publishes there
// replaces what layouts.c says. False, with a sentence for the user in *why, when what it publishes is missing or
// wrong, or when the build is free-threaded. Called once, by the thread that starts the agent.
bool layout_find(struct layout *layout, uint32_t hexversion, const char *runtime, const char **why);

// ---- Offsets and values that are the same in all versions that have them ----

enum {
  OBJECT_TYPE = 8,             // PyObject.ob_type
  OBJECT_FIRST = 16,           // the first member of an object of any type
  OBJECT_SIZE = OBJECT_FIRST,  // PyVarObject.ob_size

  TYPE_NAME = 24,          // PyTypeObject.tp_name
  TYPE_BASIC_SIZE = 32,    // tp_basicsize
  TYPE_DEALLOC = 48,       // tp_dealloc
  TYPE_FLAGS = 168,        // tp_flags
  TYPE_BASE = 256,         // tp_base
  TYPE_DICT = 264,         // tp_dict
  TYPE_DICT_OFFSET = 288,  // tp_dictoffset

  STR_LENGTH = OBJECT_FIRST,      // PyASCIIObject.length
  STR_STATE = 32,                 // PyASCIIObject.state
  LIST_ITEMS = 24,                // PyListObject.ob_item
  DICT_KEYS = 32,                 // PyDictObject.ma_keys
  DICT_VALUES = 40,               // PyDictObject.ma_values
  SET_USED = 24,                  // PySetObject.used
  SET_MASK = 32,                  // PySetObject.mask
  SET_TABLE = 40,                 // PySetObject.table
  MODULE_DICT = OBJECT_FIRST,     // PyModuleObject.md_dict
  WEAKREF_OBJECT = OBJECT_FIRST,  // PyWeakReference.wr_object
  DESCRIPTOR_MEMBER = 40,         // PyMemberDescrObject.d_member
  MEMBER_OFFSET = 16,             // PyMemberDef.offset
  METHOD_SELF = 24,               // PyMethodObject.im_self, PyCFunctionObject.m_self
  WRAPPED = OBJECT_FIRST,         // the awaitable in a coroutine_wrapper, async_generator_asend and their like

  TASK_LOOP = OBJECT_FIRST,  // TaskObj.task_loop
  TASK_CALLBACK = 24,        // TaskObj.task_callback0

  FRAME_OBJECT_FRAME = 24,   // PyFrameObject.f_frame, from 3.11 on
  FRAME_OBJECT_BYTES = 112,  // PyFrameObject before 3.11, up to the last member that is read
  FRAME_BYTES = 80,          // _PyInterpreterFrame, up to its variables
  CHUNK_DATA = 24,           // _PyStackChunk.data, from 3.11 on: the frames in a chunk of the data stack
  CODE_BYTES = 144,          // PyCodeObject, up to the last member that the handler reads
  TASK_BYTES = 168,          // TaskObj, up to the last member that is read
  GIL_BYTES = 208,           // struct _gil_runtime_state

  GC_HEAD_BYTES = 16,  // PyGC_Head, which precedes each object that is collected
  GC_LIST_BYTES = 24,  // struct gc_generation, which begins with the head of a list
};

// PyTypeObject.tp_flags: Py_TPFLAGS_INLINE_VALUES (from 3.13 on), _MANAGED_DICT (from 3.11 on), _HAVE_GC.
#define TYPE_FLAG_INLINE_VALUES (1u << 2)
#define TYPE_FLAG_MANAGED_DICT (1u << 4)
#define TYPE_FLAG_COLLECTED (1u << 14)

// _PyInterpreterFrame.owner. From 3.12 on, frames whose owner is OWNER_C_STACK or above mark where C code called
// Python.
#define OWNER_GENERATOR 1
#define OWNER_C_STACK 3

// From 3.14 on asyncio publishes offsets, too: these words of Py_AsyncioModuleDebugOffsets (Modules/_asynciomodule.c).
enum {
  ASYNCIO_TASK_SIZE,
  ASYNCIO_TASK_COROUTINE = 5,
  ASYNCIO_TASK_NODE = 6,
  ASYNCIO_THREAD_SIZE = 9,
  ASYNCIO_RUNNING_LOOP,
  ASYNCIO_RUNNING_TASK,
  ASYNCIO_TASKS,
  ASYNCIO_WORDS
};
