// Tells in which process code runs, also where a sandbox forbids asking the kernel with getpid.
#pragma once
#include "base.h"

// From now on the calling process is the one that is recorded. Called at the start and in every forked child.
void process_begin(void);
// Nothing is recorded in this process from now on: the recording has ended, or could not begin.
void process_end(void);
// True in the recorded process. False in a forked child before process_begin, even if it was forked without the C
// library. True in a child of vfork, which shares its parent's memory. (signal)
bool process_is_recorded(void);
// Returns the process id at process_begin. (signal)
int process_id(void);
// True in a child of vfork: a process of its own that uses the recorded one's memory until it calls exec or _exit.
// (program's threads)
bool process_is_borrowed(void);

// Why a forked child is not recorded. It has no recording to write a note into, so its parent writes the note.
enum child_lost { CHILD_SANDBOXED, CHILD_HAS_NO_FILE, CHILD_LOST_REASONS };
// Called in the child.
void process_child_lost(enum child_lost why);
// Returns a sentence for the user about such children, each reason once; NULL when there is none. (watcher)
const char *process_lost_children(void);
