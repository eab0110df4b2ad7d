#include "process/proc_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

// Opening such a file takes several times as long as reading it, and the files of the same threads are read again and
// again. So they stay open, in the watcher's own table of descriptors, which the program does not see. A thread's entry
// is found by its id: threads created together have consecutive ids, so they use different entries.
#define KEPT 32
static struct {
  int tid;
  int file;  // −1: not open
} kept[PROC_FILES][KEPT];
static bool keeps;

// With a lower limit on open files than this, no file is kept open.
#define FILES_MIN (8 * PROC_FILES * KEPT)

static void file_close(int *file) {
  if (*file >= 0) close(*file);
  *file = -1;
}

static bool has_room(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= FILES_MIN;
}

void proc_files_begin(bool own_table) {
  // Descriptors belonged to the table of a watcher that has ended.
  for (int which = 0; which < PROC_FILES; which++)
    for (int i = 0; i < KEPT; i++) kept[which][i].file = -1;
  keeps = own_table && has_room();
}

void proc_files_look(void) {
  if (!keeps || has_room()) return;
  keeps = false;
  for (int which = 0; which < PROC_FILES; which++)
    for (int i = 0; i < KEPT; i++) file_close(&kept[which][i].file);
}

static int file_open(int tid, enum proc_file which) {
  static const char *const names[PROC_FILES] = {"syscall", "schedstat", "stat"};
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/%s", tid, names[which]);
  return open(path, O_RDONLY | O_CLOEXEC);
}

bool proc_file_read(int tid, enum proc_file which, char *text, size_t size) {
  int *file = &kept[which][tid % KEPT].file, *owner = &kept[which][tid % KEPT].tid;
  ssize_t length = *file >= 0 && *owner == tid ? pread(*file, text, size - 1, 0) : 0;
  // Not open yet, or the file of an earlier thread with the same id.
  if (length <= 0) {
    file_close(file);
    *owner = tid;
    *file = file_open(tid, which);
    length = *file < 0 ? 0 : pread(*file, text, size - 1, 0);
    if (!keeps) file_close(file);
  }
  text[length > 0 ? length : 0] = 0;
  return length > 0;
}
