// Reads this process's Python objects without the interpreter lock. All functions run on the watcher, except that
// objects_use runs before the watcher does. Reads cannot crash (guard.h), and what does not look as it should is
// rejected. Other threads change objects meanwhile, so a result may mix old and new; a caller that needs certainty
// checks afterwards that the thread in question did not run. Addresses are those of objects; 0 stands for none.
#pragma once
#include "cpython/interpreter.h"

// Sets the interpreter to read from.
void objects_use(const struct interpreter *python);

// Reads many places at once. When the kernel does the reads, one system call for many costs a fifth of a call for each.
struct read {
  uintptr_t address;
  void *into;
  uint32_t size;
  bool done;
};
void memory_read_all(struct read *reads, uint32_t count);

// Returns the pointer stored at an address, 0 when it cannot be read or is not plausible.
uintptr_t pointer_read(uintptr_t address);
// The same for a reference on the interpreter's stack, which has marks in its low bits from 3.14 on.
uintptr_t reference_read(uintptr_t address);
// Returns an object's type, 0 when it cannot be read.
uintptr_t object_type(uintptr_t object);
// Copies the first bytes of a type's tp_name, with a NUL; "" when it cannot be read.
#define TYPE_NAME_BYTES 32
void type_name(uintptr_t type, char into[TYPE_NAME_BYTES]);
// True when a type's tp_name is `name`.
bool type_is(uintptr_t type, const char *name);
// Returns the base of a type, 0 for that of `object`.
uintptr_t type_base(uintptr_t type);

struct item {
  uintptr_t key, value;
};
// Reads up to `room` items of a dict, in insertion order. Returns their number, 0 when the object is no dict.
uint32_t dict_items(uintptr_t dict, struct item *into, uint32_t room);

// A short ASCII name to look up. Python uses one str object for each name in a program, so the object found once is
// remembered and compared first.
struct name {
  const char *text;
  uintptr_t object;
};
// Returns the value of a str key, 0 when there is none.
uintptr_t dict_get(uintptr_t dict, struct name *name);
// Returns an attribute from the instance's own dict, in whichever way the instance stores it. 0 when there is none.
uintptr_t attribute_get(uintptr_t object, struct name *name);
// The same, also when the class stores the attribute in a slot (__slots__).
uintptr_t member_get(uintptr_t object, struct name *name);
// Returns a global variable of a module that an interpreter (PyInterpreterState) has imported, 0 when there is none.
uintptr_t module_get(uintptr_t interpreter, struct name *module, struct name *global);
// Returns the interpreter that runs the main program, 0 when there is none yet.
uintptr_t interpreter_main(void);

// Reads a non-negative int of up to 64 bits. False for any other object.
bool int_read(uintptr_t object, uint64_t *value);
// Copies a str as UTF-8 with a NUL, cut to `room` bytes. False when the object is no str.
bool str_read(uintptr_t object, char *into, size_t room);
