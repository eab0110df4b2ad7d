#include "cpython/names.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cpython/objects.h"
#include "record/records.h"
#include "threads.h"

// How often the names of all threads are read, because a program may change them.
#define ALL_NS (1000 * 1000 * 1000ull)
// A thread that has no Python name at this age is unlikely to get one.
#define YOUNG_NS (1000 * 1000 * 1000ull)
// The pause after a look is this many times as long as the look took.
#define PAUSES 200

static const struct interpreter *python;
static uint64_t next_all, next_look;

void names_begin(const struct interpreter *interpreter, uint64_t now) {
  python = interpreter;
  next_all = now + ALL_NS / 10;
  next_look = now;
}

static void rename_thread(struct thread *thread, const char *name) {
  if (strcmp(name, thread->name) == 0) return;
  strcpy(thread->name, name);
  record_thread(thread->id, thread->identity.tid, thread->identity.began, thread->name, thread->launch.maker);
}

// Reads the kernel's name of a thread; "" when the thread has ended.
static void system_name(int tid, char name[32]) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid);
  name[0] = 0;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t length = read(file, name, 31);
  close(file);
  name[length > 0 ? length - 1 : 0] = 0;
}

static void read_system_name(struct thread *thread) {
  char name[32], program[32];
  system_name(thread->identity.tid, name);
  system_name(getpid(), program);
  // Until it sets a name, a thread has that of its program, which says nothing.
  if (strcmp(name, program) != 0) rename_thread(thread, name);
}

static bool wants_name(const struct thread *thread, bool all) {
  int phase = atomic_load_explicit(&thread->phase, memory_order_acquire);
  return phase == THREAD_LIVE && thread->id && (all || !thread->named);
}

// threading._active is {pthread: Thread}, in the order in which threads started. That is almost the order of our slots,
// so each search goes on where the last one ended.
static void read_python_names(bool all) {
  static struct name module = {"threading", 0}, active = {"_active", 0}, attribute = {"_name", 0};
  static struct item items[THREADS_MAX];
  static uint64_t owners[THREADS_MAX];
  if (!python->is_initialized() || python->is_finalizing()) return;
  uint32_t count = dict_items(module_get(interpreter_main(), &module, &active), items, THREADS_MAX), at = 0;
  for (uint32_t i = 0; i < count; i++)
    if (!int_read(items[i].key, &owners[i])) owners[i] = 0;
  for (uint32_t slot = 0; count && slot < threads_count(); slot++) {
    struct thread *thread = thread_at(slot);
    if (!wants_name(thread, all)) continue;
    uint32_t tried = 0;
    for (; tried < count && owners[at] != (uint64_t)thread->identity.pthread; tried++) at = (at + 1) % count;
    char name[sizeof thread->name];
    if (tried == count || !str_read(attribute_get(items[at].value, &attribute), name, sizeof name)) continue;
    thread->named = true;
    rename_thread(thread, name);
  }
}

void names_look(uint64_t now) {
  if (now < next_look) return;
  bool all = now >= next_all, some = all;
  for (uint32_t slot = 0; !some && slot < threads_count(); slot++)
    some = wants_name(thread_at(slot), false) && now - thread_at(slot)->identity.began < YOUNG_NS;
  if (!some) return;
  uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  read_python_names(all);
  for (uint32_t slot = 0; all && slot < threads_count(); slot++)
    if (wants_name(thread_at(slot), false)) read_system_name(thread_at(slot));
  next_look = now + (clock_ns(CLOCK_THREAD_CPUTIME_ID) - before) * PAUSES;
  if (all) next_all = now + ALL_NS > next_look ? now + ALL_NS : next_look;
}
