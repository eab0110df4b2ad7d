// Room for the recordings of processes that can make no file any more: forked after their parent gave up its root
// folder or its rights. It is one file for all processes of a run, mapped while that was still allowed, and children
// inherit the mapping. profiler-agent/STREAM.md says what the file holds.
#pragma once
#include "base.h"

#define SHARED_CHUNK (64u * 1024u)

// Maps it. Once, before the program runs.
void shared_room_prepare(const char *directory);
// The number of a new recording in it; 0 when there is no room.
uint32_t shared_room_begin(void);
// A piece of SHARED_CHUNK zeros for that recording; the pieces follow one another. NULL when there are no more.
void *shared_room_take(uint32_t recording);
