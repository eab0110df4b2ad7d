// What happens before and after a thread, or the whole process, closes itself into a sandbox.
#pragma once
#include "sandbox/sandbox.h"

// The calling thread (`everyone`: every thread of the process) is about to get a filter, NULL: strict mode. Whatever
// the agent does in it that the filter would answer with death ends before. sandbox_entered says whether it came to
// that.
struct sandbox_change {
  uint32_t own, everywhere;
  bool stopped, unsampled;
};
void sandbox_entering(const struct sock_fprog *program, bool everyone, struct sandbox_change *change);
void sandbox_entered(const struct sandbox_change *change, bool done);
// A thread begins, under what its creator was under.
void sandbox_inherit(uint32_t forbidden);
// Is there a thread that cannot wake the watcher?
bool sandbox_needs_polling(void);
// Writes what a person has to know into the recording, once. (watcher)
void sandbox_say(void);
