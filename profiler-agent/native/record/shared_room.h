// A file that holds the recordings of all processes of a run that cannot create a file any more: those forked after
// their parent gave up its root folder or rights. It is mapped while that is still allowed, and children inherit the
// mapping. profiler-agent/STREAM.md describes it.
#pragma once
#include "base.h"

#define SHARED_CHUNK (64u * 1024u)

// Maps the file. Called once, before the program runs.
void shared_room_prepare(const char *directory);
// Returns the number of a new recording, 0 when the file is not mapped. (watcher, or while it does not run)
uint32_t shared_room_begin(void);
// Returns the recording's next chunk, SHARED_CHUNK zeros, or NULL when no chunk is left. (watcher, or while it does not
// run)
void *shared_room_take(uint32_t recording);
