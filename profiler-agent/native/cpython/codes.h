// Code objects that have been described, and how to describe one.
//
// An address alone does not identify a code object, because addresses are reused. The key is the address together with
// fields that differ from one code object to the next. Several are needed: all modules' code objects have the same name
// and first line, and a new one may by chance even get its line table at the same address.
#pragma once
#include "cpython/interpreter.h"
#include "sample/ring.h"

struct code_key {
  uintptr_t code, table, name, filename;
  uint64_t size;  // 3.11 and later: size of the bytecode; before: number of arguments
  int32_t first_line;
};

// Returns the id of a described code object, or 0. (signal, watcher)
uint32_t codes_find(const struct code_key *key);
// Returns a new id. (signal, watcher)
uint32_t codes_next_id(void);
// Makes codes_find return `id` for this key. (signal, watcher)
void codes_add(const struct code_key *key, uint32_t id);
// Forgets all code objects. After fork, the child's recording has to describe them again.
void codes_clear(void);

// Reads the key of the code object at `code`. False when there is none. (signal, watcher)
bool code_key_read(struct code_key *key, const struct interpreter *python, uintptr_t code);

// Writes an entry_code with this id at `into`, which has `room` bytes. Returns its size in bytes, or 0 when it does not
// fit or cannot be read. When only the line table does not fit, the line table is left out. (signal, watcher)
uint32_t code_describe(void *into, uint32_t room, const struct code_key *key, uint32_t id,
                       const struct interpreter *python);
