#define _GNU_SOURCE
#include "sampler.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "codes.h"
#include "frames.h"
#include "modules.h"
#include "unwind.h"

static const struct interpreter *python;
static int signal_number;

// This thread's Python state, or 0. While the interpreter finalizes, it frees the states of other threads.
static uintptr_t thread_state(const struct thread *self) {
  if (!python->is_initialized()) return 0;
  if (python->is_finalizing() && self->tid != getpid()) return 0;
  // From 3.12 the current state is the thread's own, and knows sub-interpreters.
  if (python->minor >= 12) {
    void *now = python->thread_state_now();
    if (now) return (uintptr_t)now;
  }
  return (uintptr_t)python->gilstate_this();
}

struct chain {
  uint32_t count;
  bool incomplete;
};

// Native frames from the interrupted one outwards until the bytecode loop, as program counters or function starts.
static struct chain chain_collect(uint64_t *into, const struct thread *self, const struct registers *registers,
                                  bool *in_syscall) {
  struct chain chain = {0};
  struct unwind_cursor cursor = {.at = *registers, .stack_end = self->stack_end};
  if (interpreter__in_eval(python, cursor.at.pc)) return chain;
  const struct module_map *map = modules_current();
  if (!map) {
    chain.incomplete = true;
    return chain;
  }
  for (bool first = true; chain.count < NATIVE_DEPTH; first = false) {
    uintptr_t pc = cursor.at.pc;
    struct unwind_step step;
    bool more = unwind_step(&cursor, map, first, &step);
    if (step.module < 0) modules_want_refresh();
    if (first && step.module >= 0 && module_at((uint32_t)step.module)->kind == MODULE_LIBC)
      *in_syscall = after_syscall(pc);
    into[chain.count++] = step.function ? step.function | NATIVE_IS_FUNCTION : pc;
    if (!more) {
      chain.incomplete = true;
      return chain;
    }
    if (interpreter__in_eval(python, cursor.at.pc)) return chain;
  }
  chain.incomplete = true;
  return chain;
}

// Puts a description of a code object in the ring. Returns its id, 0 when the ring has no room for it.
static uint32_t code_introduce(struct thread *self, const struct code_key *key) {
  // A reservation as large as the ring allows is refused too often; names fit in this, and tables as a rule.
  for (uint32_t room = 96 * 1024; room >= 4096; room /= 4) {
    void *into = ring__reserve(self->ring, room);
    if (!into) continue;
    uint32_t id = codes_next_id();
    uint32_t size = code_describe(into, room, key, id, python, false);
    if (!size) return 0;
    ring__publish(self->ring, size);
    codes_add(key, id);
    return id;
  }
  return 0;
}

// Python frames, innermost first, to room reserved in the ring. When a code object is new, its description takes that
// room instead: from then on nothing is written, and the caller has to start again.
static enum walk_result frames_collect(struct entry_frame *into, struct thread *self, uintptr_t tstate, uintptr_t pc,
                                       struct entry_sample *sample, bool *again) {
  struct walk walk;
  struct frame frame;
  sample->python = 0;
  *again = false;
  walk_start(&walk, python, tstate, pc, false);
  while (walk.result == WALK_OK && walk_next(&walk, &frame)) {
    struct code_key key;
    if (sample->python == PYTHON_DEPTH) {
      sample->flags |= SAMPLE_CUT;
      break;
    }
    if (!code_key_read(&key, python, frame.code, false)) return WALK_REJECTED;
    uint32_t id = codes_find(&key);
    if (UNLIKELY(!id)) {
      *again = true;
      if (!code_introduce(self, &key)) return WALK_REJECTED;
    }
    if (*again) continue;
    if (sample->python == 0 && frame.instruction >= 0 && frame.instruction_address)
      sample->opcode = *(const uint8_t *)frame.instruction_address;
    into[sample->python++] = (struct entry_frame){id, frame.instruction};
  }
  return walk.result;
}

static void sample_take(struct thread *self, const struct registers *registers) {
  uint64_t native[NATIVE_DEPTH];
  struct entry_sample sample = {.wall = clock_ns(CLOCK_MONOTONIC)};
  sample.cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  struct rusage usage;
  if (getrusage(RUSAGE_THREAD, &usage) == 0)
    sample.system = (uint64_t)usage.ru_stime.tv_sec * NS_PER_SECOND + (uint64_t)usage.ru_stime.tv_usec * 1000;

  uintptr_t tstate = thread_state(self);
  atomic_store_explicit(&self->tstate, tstate, memory_order_relaxed);
  bool in_syscall = false;
  struct chain chain = chain_collect(native, self, registers, &in_syscall);
  if (in_syscall) sample.flags |= SAMPLE_IN_SYSCALL;
  if (chain.incomplete) sample.flags |= SAMPLE_NATIVE_INCOMPLETE;

  const uint32_t room = sizeof sample + PYTHON_DEPTH * sizeof(struct entry_frame) + sizeof native;
  for (int attempt = 0; attempt < 2; attempt++) {
    struct entry_sample *into = ring__reserve(self->ring, room);
    if (!into) {
      atomic_fetch_add_explicit(&self->dropped, 1, memory_order_relaxed);
      return;
    }
    struct entry_frame *frames = (struct entry_frame *)(into + 1);
    bool again;
    enum walk_result result = frames_collect(frames, self, tstate, registers->pc, &sample, &again);
    if (result == WALK_REJECTED) break;
    if (again) continue;
    if (result == WALK_NONE) sample.flags |= SAMPLE_NO_PYTHON;
    uint64_t *tail = (uint64_t *)(frames + sample.python);
    memcpy(tail, native, chain.count * sizeof *native);
    sample.native = (uint16_t)chain.count;
    sample.entry = (struct entry){(uint32_t)((char *)(tail + chain.count) - (char *)into), ENTRY_SAMPLE};
    *into = sample;
    ring__publish(self->ring, sample.entry.size);
    return;
  }
  atomic_fetch_add_explicit(&self->rejected, 1, memory_order_relaxed);
}

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)signal;
  int saved = errno;
  struct thread *self = thread_self();
  // From this thread's own timer, or from the watcher. Whoever else sends this signal is not answered.
  bool ours = info->si_code == SI_TKILL || (info->si_code == SI_TIMER && info->si_value.sival_ptr == self);
  if (self && ours && atomic_load(&self->phase) == THREAD_LIVE) {
    struct registers registers = registers_read(context);
    sample_take(self, &registers);
    atomic_store_explicit(&self->ticked, false, memory_order_release);
  }
  errno = saved;
}

int sampler_install(const struct interpreter *found) {
  python = found;
  if (signal_number) return signal_number;
  for (int candidate = SIGRTMAX - 3; candidate > SIGRTMIN; candidate--) {
    struct sigaction old;
    if (sigaction(candidate, NULL, &old) != 0 || old.sa_handler != SIG_DFL) continue;
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    if (sigaction(candidate, &action, NULL) != 0) continue;
    signal_number = candidate;
    return candidate;
  }
  return 0;
}
