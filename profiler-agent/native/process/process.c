#include "process/process.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

static int recorded_id;
// True in the recorded process. On a page that the kernel clears in every forked child (Linux 4.14 and later).
static _Atomic bool *recorded;
static bool wiped;  // the kernel does so; else process ids are compared, and `fallback` is used
static _Atomic bool fallback;

// The number of lost children by reason, in memory that children share with their parent.
static _Atomic uint32_t *lost, *lost_of_parent;
static bool told_user[CHILD_LOST_REASONS];

void process_begin(void) {
  recorded_id = getpid();
  if (lost_of_parent) munmap((void *)lost_of_parent, sizeof *lost * CHILD_LOST_REASONS);
  lost_of_parent = lost;
  lost = mmap(NULL, sizeof *lost * CHILD_LOST_REASONS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (lost == MAP_FAILED) lost = NULL;
  memset(told_user, 0, sizeof told_user);
  if (!recorded) {
    size_t page = (size_t)getpagesize();
    void *memory = pages_alloc(page);
    wiped = memory && madvise(memory, page, MADV_WIPEONFORK) == 0;
    recorded = wiped ? memory : &fallback;
    if (!wiped) pages_free(memory, page);
  }
  atomic_store(recorded, true);
}

void process_end(void) {
  if (lost) munmap((void *)lost, sizeof *lost * CHILD_LOST_REASONS);
  lost = lost_of_parent;
  lost_of_parent = NULL;
  if (recorded) atomic_store(recorded, false);
}

bool process_is_recorded(void) {
  if (!recorded || !atomic_load_explicit(recorded, memory_order_relaxed)) return false;
  return wiped || recorded_id == getpid();
}

int process_id(void) {
  return recorded_id;
}

bool process_is_borrowed(void) {
  if (sandbox_allows(SANDBOX_PID)) return getpid() != recorded_id;
  // A sandbox that forbids getpid forbids new processes as well, or else nothing is known.
  return sandbox_allows(SANDBOX_VFORK);
}

void process_child_lost(enum child_lost why) {
  if (lost) atomic_fetch_add(&lost[why], 1);
}

const char *process_lost_children(void) {
  static const char *const texts[CHILD_LOST_REASONS] = {
      [CHILD_SANDBOXED] =
          "Child processes that were forked inside a sandbox (seccomp) are not in the report: the sandbox forbids the "
          "system calls for recording.",
      [CHILD_HAS_NO_FILE] =
          "Child processes are not in the report: they could not create a file for their recording. They lacked the "
          "right to, room on the disk, or free file descriptors (ulimit -n).",
  };
  for (int why = 0; lost && why < CHILD_LOST_REASONS; why++) {
    if (told_user[why] || atomic_load_explicit(&lost[why], memory_order_relaxed) == 0) continue;
    told_user[why] = true;
    return texts[why];
  }
  return NULL;
}
