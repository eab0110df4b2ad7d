// What the agent does before and after a thread, or the whole process, enters a sandbox.
#pragma once
#include "sandbox/sandbox.h"

// The calling thread, or with `everyone` all threads of the process, is about to get a filter; NULL: strict mode. Ends
// everything that the agent does on these threads and for which the filter would end the process. Afterwards
// sandbox_entered must be called; `done`: the filter was installed. (program's threads)
struct sandbox_change {
  uint32_t own, everywhere;
  bool stopped, unsampled;
};
void sandbox_entering(const struct sock_fprog *program, bool everyone, struct sandbox_change *change);
void sandbox_entered(const struct sandbox_change *change, bool done);
// A thread begins, under the restrictions of its creator. (program's threads)
void sandbox_inherit(uint32_t forbidden);
// True when some thread cannot wake the watcher, so that the watcher must look regularly. (watcher)
bool sandbox_needs_polling(void);
// Records notes for the user, each once. (watcher)
void sandbox_say(void);
