// Reading this process's Python objects from the watcher, which never holds the interpreter's lock: with guarded
// reads, and believing nothing that does not look like what it should be. What is read while other
// threads run may be torn; whoever needs certainty checks afterwards that the thread in question did not run. (watcher)
#pragma once
#include "cpython/interpreter.h"

// For the interpreter of this process.
void objects_use(const struct interpreter *python);

// One of many reads. Where the kernel has to make them it is asked for all together: a fifth of the price of one by
// one.
struct read {
  uintptr_t address;
  void *into;
  uint32_t size;
  bool done;
};
void memory_read_all(struct read *reads, uint32_t count);

// The pointer at an address, 0 when there is none or it is not plausible.
uintptr_t pointer_read(uintptr_t address);
// The same for the places of the interpreter's own stack, where references carry tags from 3.14 on.
uintptr_t reference_read(uintptr_t address);
// An object's type, 0 when it cannot be read.
uintptr_t object_type(uintptr_t object);
// The first bytes of a type's tp_name; "" when it cannot be read.
#define TYPE_NAME_BYTES 32
void type_name(uintptr_t type, char into[TYPE_NAME_BYTES]);
// True when a type's tp_name is this.
bool type_is(uintptr_t type, const char *name);
// The base of a type, 0 for object's.
uintptr_t type_base(uintptr_t type);

struct item {
  uintptr_t key, value;
};
// What a dict holds, in the order of insertion; at most `room` items. 0 when it is no dict.
uint32_t dict_items(uintptr_t dict, struct item *into, uint32_t room);

// A short ASCII name to look things up by. Python keeps one str object for each name in a program: which one is
// remembered, and looked for first.
struct name {
  const char *text;
  uintptr_t object;
};
// The value of a str key, 0 when there is none.
uintptr_t dict_get(uintptr_t dict, struct name *name);
// What an instance's own dict says, however the instance keeps it.
uintptr_t attribute_get(uintptr_t object, struct name *name);
// The same where the class may have reserved a slot for it (__slots__).
uintptr_t member_get(uintptr_t object, struct name *name);
// A global of a module that has been imported in an interpreter (PyInterpreterState).
uintptr_t module_get(uintptr_t interpreter, struct name *module, struct name *global);
// The interpreter that runs the main program, 0 before there is one.
uintptr_t interpreter_main(void);

// A non-negative int that fits; false for anything else.
bool int_read(uintptr_t object, uint64_t *value);
// A str as UTF-8 with a NUL, cut to what fits. False when it is no str.
bool str_read(uintptr_t object, char *into, size_t room);
