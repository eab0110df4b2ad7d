// The file of a recording: creates it and maps a part of it. Positions are in bytes from its start. All functions run
// on the watcher, or on the thread that starts or stops it while it does not run, unless a comment says otherwise.
#pragma once
#include "base.h"

// Creates <directory>/<pid>.lsp, or takes a place in the shared room, and maps the page of its header. NULL, with
// errno, when that fails. *again: this process id already has a file. *full: an errno when the disk has space for the
// header only, else 0.
void *recording_file_make(const char *directory, size_t header_size, bool *again, int *full);
// Writes bytes at a position. Returns 0, or an errno when not all could be written; ESTALE: somebody has truncated the
// file.
int recording_file_write(uint64_t position, const unsigned char *bytes, size_t size);
// True when `size` bytes at this position lie in the mapped part.
bool recording_file_has_room(uint64_t position, size_t size);
// Ends writing and gives the file this size.
void recording_file_end(uint64_t size);
// Makes the file at least this long without using space on the disk. (any thread)
void recording_file_lengthen(uint64_t size);
// See recording_hold and recording_release.
void recording_file_hold(void);
void recording_file_release(void);
// Forgets the file. `header` is the result of recording_file_make.
void recording_file_forget(void *header);
// In a forked child: the held descriptor is the parent's watcher's.
void recording_file_after_fork(void);
