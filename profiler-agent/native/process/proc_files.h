// What the kernel says of single threads, in /proc/self/task. (watcher)
#pragma once
#include "base.h"

enum proc_file { PROC_SYSCALL, PROC_SCHEDSTAT, PROC_STAT, PROC_FILES };

// The watcher begins. Whether it has a table of file descriptors for itself.
void proc_files_begin(bool own_table);
// Text about a thread. "" and false when there is none to be had.
bool proc_file_read(int tid, enum proc_file which, char *text, size_t size);
// Sees to it that what is kept open does not keep other files from being opened.
void proc_files_look(void);
