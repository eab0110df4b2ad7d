// Reads the kernel's files about single threads, in /proc/self/task. All functions run on the watcher.
#pragma once
#include "base.h"

enum proc_file { PROC_SYSCALL, PROC_SCHEDSTAT, PROC_STAT, PROC_FILES };

// The watcher begins. `own_table`: it has a table of descriptors of its own.
void proc_files_begin(bool own_table);
// Reads one file about a thread as text. False, and "" in `text`, when it cannot be read.
bool proc_file_read(int tid, enum proc_file which, char *text, size_t size);
// Closes the kept files when the program has lowered the limit on open files.
void proc_files_look(void);
