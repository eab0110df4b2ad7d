// Children of the program that a signal ended, which cannot say so themselves, and whether the program sent it: a
// worker that its pool stops is no crash.
#pragma once

// The program may call from a handler what we take the place of, so the originals are looked up before.
void children_prepare(void);
// In a forked child: what the parent knew is not this process's.
void children_after_fork(void);
// Writes those that were heard of since the last call. By the watcher.
void children_write(void);
