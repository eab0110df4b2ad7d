// Interposes the functions that start programs: each does what the original does, and passes our variables on.
#pragma once

// Finds the originals early, when the agent starts: a child made by vfork, or by fork in a process with several
// threads, must not look them up.
void exec_prepare(void);
