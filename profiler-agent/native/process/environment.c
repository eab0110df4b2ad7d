#define _GNU_SOURCE
#include "process/environment.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "process/environment_block.h"
#include "sandbox/sandbox.h"

#define PRELOAD "LD_PRELOAD="
#define PRELOAD_SIZE (sizeof PRELOAD - 1)

static const char *const names[OURS] = {
    "LINEHEAT_DIR=",
    "LINEHEAT_INTERVAL_US=",
    "LINEHEAT_BUDGET_PERMILLE=",
    "LINEHEAT_MEMORY=",
};

static char store[8192];  // "NAME=value" of each that was set
static size_t store_used;
static char *kept[OURS];
// The library by the name under which the loader was told of it; NULL where that was not LD_PRELOAD's doing.
static const char *library;
static _Atomic unsigned lost;  // a bit for each kind of program that could not be given our variables

static bool begins_with(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

const char *environment_get(enum ours which) {
  return kept[which] ? kept[which] + strlen(names[which]) : NULL;
}

bool environment_is_passed_on(void) {
  return kept[OUR_DIR] && library;
}

static enum ours which_of_ours(const char *variable) {
  int which = 0;
  if (!begins_with(variable, "LINEHEAT_")) return OURS;
  while (which < OURS && !begins_with(variable, names[which])) which++;
  return (enum ours)which;
}

// ---- Taking them ----

static void keep(enum ours which, const char *variable) {
  size_t size = strlen(variable) + 1;
  // As with getenv the first counts.
  if (kept[which] || size > sizeof store - store_used) return;
  kept[which] = memcpy(store + store_used, variable, size);
  store_used += size;
}

// Where the library's own entry is in a value of LD_PRELOAD, NULL where it is not there.
static char *entry_find(char *value) {
  size_t size = strlen(library);
  for (char *at = value; *at; at += strcspn(at, ": "), at += *at != 0)
    if (strcspn(at, ": ") == size && memcmp(at, library, size) == 0) return at;
  return NULL;
}

// Takes our entry out of "LD_PRELOAD=…", where it lies. Returns the variable as it would have been, NULL where there
// would have been none. Whoever starts a program under the agent puts its path before a list that is there already, be
// it empty, and a colon between them.
static char *preload_without_us(char *variable) {
  char *entry = entry_find(variable + PRELOAD_SIZE);
  size_t size = strlen(library);
  if (!entry) return variable;
  bool first = entry == variable + PRELOAD_SIZE;
  if (first && !entry[size]) return NULL;
  if (!first) {
    memmove(entry - 1, entry + size, strlen(entry + size) + 1);
    return variable;
  }
  // What libraries of the program's may point to, the rest of the list, stays where it is.
  char *moved = memmove(variable + size + 1, PRELOAD, PRELOAD_SIZE);
  memset(variable, 0, size + 1);
  return moved;
}

// Removes our variables from one list, in place: the program's first instructions have its address already.
static void list_clean(char **list, bool erase) {
  static char *seen, *became;  // a string that both lists may have
  char **into = list, **from = list;
  for (; *from; from++) {
    char *variable = *from;
    enum ours which = which_of_ours(variable);
    if (which != OURS) {
      keep(which, variable);
      if (erase) memset(variable, 0, strlen(variable));
      continue;
    }
    if (library && variable != seen && begins_with(variable, PRELOAD)) {
      seen = variable;
      became = preload_without_us(variable);
      if (!became) memset(variable, 0, strlen(variable));
    }
    if (variable == seen) variable = became;
    if (variable) *into++ = variable;
  }
  // The kernel's own vector, which some look for behind the list, is an empty one then.
  while (into < from) *into++ = NULL;
}

void environment_take(char **initial) {
  Dl_info info;
  bool preloaded = false;
  if (!initial) initial = environ;
  if (!initial) return;
  if (dladdr((void *)names, &info) && info.dli_fname) library = info.dli_fname;
  for (char **at = initial; library && *at && !preloaded; at++)
    preloaded = begins_with(*at, PRELOAD) && entry_find(*at + PRELOAD_SIZE);
  if (!preloaded) library = NULL;
  uintptr_t end = environment_block_end(initial);
  // A library that has changed the environment already made a list of its own, with the strings of the first one.
  if (environ && environ != initial) list_clean(environ, false);
  list_clean(initial, true);
  uintptr_t now = environment_block_end(initial);
  if (now < end) environment_block_shrink(now);
}

// ---- Passing them on ----

// As much as most programs need is on the stack.
#define ON_STACK 6144

// The size of a list that has our variables too, and of a value of LD_PRELOAD that has ours and the program's.
struct room {
  size_t list, preload;
};

// False where someone has put that program under an agent already, as a Lineheat that runs under Lineheat does.
static bool room_for(struct room *room, char *const wanted[]) {
  size_t count = 0, preload = PRELOAD_SIZE + strlen(library) + 1;
  for (; wanted && wanted[count]; count++) {
    if (begins_with(wanted[count], names[OUR_DIR])) return false;
    if (begins_with(wanted[count], PRELOAD)) preload = PRELOAD_SIZE + strlen(library) + 1 + strlen(wanted[count]);
  }
  *room = (struct room){(count + OURS + 2) * sizeof(char *), preload};
  return true;
}

static void fill(char *const wanted[], char **given, char *preload) {
  char **place = NULL, *end = stpcpy(stpcpy(preload, PRELOAD), library);
  for (; wanted && *wanted; wanted++) {
    if (which_of_ours(*wanted) != OURS) continue;
    *given = *wanted;
    // The loader takes the last of several.
    if (begins_with(*wanted, PRELOAD)) place = given;
    given++;
  }
  if (place) {
    char *value = *place + PRELOAD_SIZE;
    if (!entry_find(value)) *end = ':', strcpy(end + 1, value), *place = preload;
  } else {
    *given++ = preload;
  }
  // At the end: what is taken away again leaves no gap in the kernel's block of variables.
  for (int which = 0; which < OURS; which++)
    if (kept[which]) *given++ = kept[which];
  *given = NULL;
}

static int start_with(char *memory, const struct room *room, char *const wanted[],
                      int (*start)(char *const given[], void *context), void *context) {
  fill(wanted, (char **)memory, memory + room->list);
  return start((char **)memory, context);
}

static __attribute__((noinline)) int start_from_stack(const struct room *room, char *const wanted[],
                                                      int (*start)(char *const given[], void *context), void *context) {
  char *memory[(room->list + room->preload + sizeof(char *) - 1) / sizeof(char *)];
  return start_with((char *)memory, room, wanted, start, context);
}

int environment_pass_on(struct target target, char *const wanted[], int (*start)(char *const given[], void *context),
                        void *context) {
  struct room room;
  if (!environment_is_passed_on() || !room_for(&room, wanted)) return start(wanted, context);
  // The agent's first steps would be its last there, and the program's.
  bool sandboxed = !sandbox_allows(SANDBOX_RECORD | SANDBOX_THREAD | SANDBOX_RETURN | SANDBOX_MEMORY);
  enum target_kind kind = sandboxed ? TARGET_IS_SANDBOXED : target_look(&target, library, environment_get(OUR_DIR));
  if (kind != TARGET_TAKES_US) {
    unsigned bit = kind == TARGET_HAS_RIGHTS ? 0 : 1u << kind, before = atomic_fetch_or(&lost, bit);
    int result = start(wanted, context);
    // An exec that comes back has started nothing, and says so with a number other than 0, as a failed spawn does.
    if (result != 0) atomic_fetch_and(&lost, before | ~bit);
    return result;
  }
  size_t size = room.list + room.preload;
  if (size <= ON_STACK) return start_from_stack(&room, wanted, start, context);
  char *memory = pages_alloc(size);
  if (!memory) return start(wanted, context);
  int result = start_with(memory, &room, wanted, start, context);
  pages_free(memory, size);
  return result;
}

const char *environment_lost(void) {
  unsigned kinds = atomic_exchange(&lost, 0);
  if (kinds & 1u << TARGET_OUT_OF_REACH)
    return "A started program is not profiled, and neither is what it starts: from another root folder, or with the "
           "rights it has, it cannot read the native engine's library or write a recording.";
  if (kinds & 1u << TARGET_IS_SANDBOXED)
    return "A started program is not profiled, and neither is what it starts: it was started in a sandbox (seccomp) "
           "that forbids the system calls for recording.";
  if (kinds & 1u << TARGET_IS_OTHER)
    return "A started program is not profiled, and neither is what it starts: it cannot load the native engine's "
           "library, as a program for 32 bits or for musl cannot.";
  return NULL;
}
