// The variables that put a program under the agent. They are read once and then gone from the program's environment,
// which is what it would be without us; every program that it starts is given them again.
#pragma once
#include "base.h"
#include "process/target.h"

enum ours { OUR_DIR, OUR_INTERVAL_US, OUR_BUDGET_PERMILLE, OUR_MEMORY, OURS };

// Reads our variables and removes them: from `environ`, from main's third argument (`initial`), and from what the
// kernel shows of it. Before anything else of the program looks at its environment.
void environment_take(char **initial);
// What one of them says; NULL where it is not set.
const char *environment_get(enum ours which);
// Whether a program that is started is given our variables.
bool environment_is_passed_on(void);

// Calls `start` with the environment that the new program gets: `wanted` (NULL is an empty one) with our variables.
// Neither locks nor allocates, and changes nothing of this process: a child made by vfork has its parent's memory.
int environment_pass_on(struct target target, char *const wanted[], int (*start)(char *const given[], void *context),
                        void *context);
// Why programs that were started since the last call are not profiled, a sentence; NULL when all are.
const char *environment_lost(void);
