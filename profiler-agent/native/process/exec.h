// The functions that start programs, interposed: each does what the original does, and passes our variables on.
#pragma once

// Looks up the originals: a child made by vfork, or by fork from several threads, may not.
void exec_prepare(void);
