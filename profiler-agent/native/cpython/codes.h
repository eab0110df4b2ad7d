// Which code objects have been described already, and how to describe one.
//
// An address alone does not name a code object: addresses are reused. The key is the address together with fields that
// change when it is. Modules, of which one comes after the other, have many of them in common: their name, their first
// line, and as it happens the address of their line table.
#pragma once
#include "cpython/interpreter.h"
#include "sample/ring.h"

struct code_key {
  uintptr_t code, table, name, filename;
  uint64_t size;  // 3.11+: of the bytecode; before, how many arguments there are
  int32_t first_line;
};

// The id of a code object that has been described, or 0. (signal)
uint32_t codes_find(const struct code_key *key);
// Takes the next id. (signal)
uint32_t codes_next_id(void);
// From now on codes_find answers `id`. (signal)
void codes_add(const struct code_key *key, uint32_t id);
// Forgets all, as after fork: the child's recording has to describe them anew.
void codes_clear(void);

// Reads the key of the code object at `code`; false when it is not one. (signal, watcher)
bool code_key_read(struct code_key *key, const struct interpreter *python, uintptr_t code);

// Writes an entry_code for it at `into` (`room` bytes). Returns its size, or 0 when it does not fit or cannot be
// read. A line table too large for the room is left out rather than the code object. (signal, watcher)
uint32_t code_describe(void *into, uint32_t room, const struct code_key *key, uint32_t id,
                       const struct interpreter *python);
