// Which process this is, without asking the kernel: a sandbox may forbid even getpid.
#pragma once
#include "base.h"

// The calling process is the one that is recorded, from now on. Called at the start and in every forked child.
void process_begin(void);
// Nothing is recorded in this process any more, or it did not come to that.
void process_end(void);
// Is this process recorded? False in a forked child until process_begin, also in one that the C library knows nothing
// of. True in a vfork child, which shares all memory with its parent. (signal)
bool process_is_recorded(void);
// Its id, as of process_begin. (signal)
int process_id(void);
// Is this a process of its own that only borrows the memory of the recorded one, until it calls exec or _exit?
bool process_is_borrowed(void);

// Why a forked child is not recorded. It cannot say so itself, since it has no recording: its parent does.
enum child_lost { CHILD_SANDBOXED, CHILD_HAS_NO_FILE, CHILD_LOST_REASONS };
void process_child_lost(enum child_lost why);
// What has to be said of such children, each reason once; NULL when there is nothing (more).
const char *process_lost_children(void);
