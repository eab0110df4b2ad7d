// The environment variables that make a program load the agent. They are read once and removed from the program's
// environment, so the program sees the environment that it would have without us. Every program that it starts gets
// them again.
#pragma once
#include "base.h"
#include "process/target.h"

enum ours { OUR_DIR, OUR_INTERVAL_US, OUR_BUDGET_PERMILLE, OUR_MEMORY, OURS };

// Reads our variables and removes them: from `environ`, from main's third argument (`initial`), and from what
// /proc/self/environ shows. Called once, before the program looks at its environment.
void environment_take(char **initial);
// Returns the value of a variable, NULL when it is not set. (any thread)
const char *environment_get(enum ours which);
// True when started programs get our variables. (any thread)
bool environment_is_passed_on(void);

// Calls `start` with the environment for a new program: `wanted` (NULL: an empty one) and our variables, if the program
// can load the agent. Returns the result of `start`. Takes no lock, allocates nothing from the program's memory, and
// changes nothing in this process: a child made by vfork shares its parent's memory. (program's threads)
int environment_pass_on(struct target target, char *const wanted[], int (*start)(char *const given[], void *context),
                        void *context);
// Returns a sentence for the user when programs started since the last call are not profiled, else NULL. (watcher)
const char *environment_lost(void);
