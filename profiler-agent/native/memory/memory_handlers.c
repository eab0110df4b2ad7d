#include "memory/memory_handlers.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "memory/memory_table.h"
#include "originals.h"
#include "signals/handlers.h"
#include "signals/signals.h"
#include "unwind/modules.h"

// How often to look for handlers that the program set by a system call of its own.
#define LOOK_NS NS_PER_SECOND

struct text {
  uintptr_t start, end;
};
static struct text agent, interpreter;
static _Atomic bool texts_known;  // true once `agent` and `interpreter` are set
static _Atomic bool harmful;

static bool holds(const struct text *text, uintptr_t address) {
  return address - text->start < text->end - text->start;
}

static bool is_harmless(sighandler_t handler) {
  return handler == SIG_DFL || handler == SIG_IGN || handler == SIG_ERR || holds(&agent, (uintptr_t)handler) ||
         holds(&interpreter, (uintptr_t)handler);
}

bool memory_handlers_harm(void) {
  return atomic_load_explicit(&harmful, memory_order_relaxed);
}

static void harm_begins(void) {
  if (atomic_exchange(&harmful, true)) return;
  // A thread that is noting something has not blocked signals: wait for it before the handler is set.
  struct memory_held held;
  if (memory_lock(&held)) memory_unlock(&held);
}

void memory_handler_comes(int number, sighandler_t handler) {
  // Faults never run the program's handlers while something is noted (handlers.c).
  if (!atomic_load(&texts_known) || handlers_is_fault(number)) return;
  if (!is_harmless(handler)) harm_begins();
}

static void handlers_examine(void) {
  for (int number = 1; number < _NSIG && !memory_handlers_harm(); number++) {
    struct sigaction now;
    // handlers_real fails for the two signals that the C library uses itself. One changes user ids; the other cancels
    // threads, see pthread_setcanceltype.
    if (number == signals_ours() || handlers_is_fault(number) || handlers_real(number, NULL, &now) != 0) continue;
    if (!is_harmless(now.sa_handler)) harm_begins();
  }
}

void memory_handlers_look(uint64_t now) {
  static uint64_t next;
  if (now < next || memory_handlers_harm()) return;
  next = now + LOOK_NS;
  handlers_examine();
}

void memory_handlers_begin(uintptr_t inside_interpreter) {
  modules_text((uintptr_t)memory_handlers_begin, &agent.start, &agent.end);
  // A program with the interpreter built in may have handlers of its own in the same file: only a file called python
  // counts.
  Dl_info info;
  const char *name = dladdr((void *)inside_interpreter, &info) && info.dli_fname ? info.dli_fname : "";
  const char *slash = strrchr(name, '/');
  if (strstr(slash ? slash + 1 : name, "python"))
    modules_text(inside_interpreter, &interpreter.start, &interpreter.end);
  atomic_store(&texts_known, true);
  handlers_examine();
}

EXPORT int pthread_setcanceltype(int type, int *old) {
  static int (*real)(int, int *);
  if (!real) real = (__typeof__(real))original("pthread_setcanceltype");
  // A thread that may be cancelled anywhere never returns from the signal that cancels it.
  if (type == PTHREAD_CANCEL_ASYNCHRONOUS && atomic_load(&texts_known)) harm_begins();
  return real(type, old);
}
