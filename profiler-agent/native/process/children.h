// Child processes that a signal ended. They cannot record that themselves, so their parent does. It also records
// whether it sent the signal itself: a worker that its pool stops has not crashed.
#pragma once

// Finds the originals of the interposed functions early, because the program may call ours from a signal handler.
// (thread that starts the agent)
void children_prepare(void);
// In a forked child: forgets the parent's children.
void children_after_fork(void);
// Records the children that have ended since the last call. (watcher)
void children_write(void);
