// The file of a recording: where it is made, and the part of it that is mapped. Positions are bytes from its start. By
// the watcher, or while there is none.
#pragma once
#include "base.h"

// Makes <directory>/<pid>.lsp, or takes a place in the shared room, and maps the page that its header is in. NULL, with
// errno, when that cannot be. *again is set when this process has made one before. *full is an errno when the disk has
// room for the header alone, otherwise 0.
void *recording_file_make(const char *directory, size_t header_size, bool *again, int *full);
// Returns an errno, 0 when all of it was written. ESTALE: somebody has cut the file off.
int recording_file_write(uint64_t position, const unsigned char *bytes, size_t size);
// Whether so many bytes can be written there into what is mapped already.
bool recording_file_has_room(uint64_t position, size_t size);
// Nothing is written any more, and the file is as long as this.
void recording_file_end(uint64_t size);
// Makes the file as long as this at least, without taking any room for it. (on any thread)
void recording_file_lengthen(uint64_t size);
// See recording_hold and recording_release.
void recording_file_hold(void);
void recording_file_release(void);
// There is no file any more. `header` is what recording_file_make has returned.
void recording_file_forget(void *header);
// In a forked child: the descriptor that is held is the parent's watcher's.
void recording_file_after_fork(void);
