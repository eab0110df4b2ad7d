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

static char store[8192];  // "NAME=value" of each variable that was set
static size_t store_used;
static char *kept[OURS];
// The library's name as it was in LD_PRELOAD; NULL: it was not loaded by LD_PRELOAD.
static const char *library;
static _Atomic unsigned lost_kinds;  // a bit for each kind of program that could not get our variables

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

// ---- Removing our variables ----

static void keep(enum ours which, const char *variable) {
  size_t size = strlen(variable) + 1;
  // The first one counts, as in getenv.
  if (kept[which] || size > sizeof store - store_used) return;
  kept[which] = memcpy(store + store_used, variable, size);
  store_used += size;
}

// Finds our library in a value of LD_PRELOAD. NULL when it is not there.
static char *entry_find(char *value) {
  size_t size = strlen(library);
  for (char *at = value; *at; at += strcspn(at, ": "), at += *at != 0)
    if (strcspn(at, ": ") == size && memcmp(at, library, size) == 0) return at;
  return NULL;
}

// Removes our library from "LD_PRELOAD=…", in place. Returns the variable as it would be without us, NULL for none.
// Whoever starts a program under the agent puts the library first, followed by a colon if there was a list before, even
// an empty one.
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
  // The rest of the list must stay where it is, because libraries of the program may point to it.
  char *moved = memmove(variable + size + 1, PRELOAD, PRELOAD_SIZE);
  memset(variable, 0, size + 1);
  return moved;
}

// Removes our variables from one list, in place, because code that ran before us may have kept its address.
static void list_clean(char **list, bool erase) {
  static char *shared, *became;  // a string that may be in both lists, and what it became
  char **into = list, **from = list;
  for (; *from; from++) {
    char *variable = *from;
    enum ours which = which_of_ours(variable);
    if (which != OURS) {
      keep(which, variable);
      if (erase) memset(variable, 0, strlen(variable));
      continue;
    }
    if (library && variable != shared && begins_with(variable, PRELOAD)) {
      shared = variable;
      became = preload_without_us(variable);
      if (!became) memset(variable, 0, strlen(variable));
    }
    if (variable == shared) variable = became;
    if (variable) *into++ = variable;
  }
  // Some programs look for the kernel's auxiliary vector behind the list: they find an empty one.
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
  // A library may have changed the environment before us. Then `environ` is a list of its own, with the same strings.
  if (environ && environ != initial) list_clean(environ, false);
  list_clean(initial, true);
  uintptr_t now = environment_block_end(initial);
  if (now < end) environment_block_shrink(now);
}

// ---- Adding our variables ----

// A list up to this many bytes is built on the stack, which is enough for most programs.
#define ON_STACK 6144

// Sizes in bytes: of a list that includes our variables, and of an LD_PRELOAD with our library and the program's.
struct room {
  size_t list, preload;
};

// False when the environment already has an agent of another run, as when Lineheat runs under Lineheat.
static bool room_for(struct room *room, char *const wanted[]) {
  size_t count = 0, preload = PRELOAD_SIZE + strlen(library) + 1;
  for (; wanted && wanted[count]; count++) {
    if (begins_with(wanted[count], names[OUR_DIR])) return false;
    if (begins_with(wanted[count], PRELOAD)) preload = PRELOAD_SIZE + strlen(library) + 1 + strlen(wanted[count]);
  }
  *room = (struct room){(count + OURS + 2) * sizeof(char *), preload};
  return true;
}

static void environment_fill(char *const wanted[], char **given, char *preload) {
  char **place = NULL, *end = stpcpy(stpcpy(preload, PRELOAD), library);
  for (; wanted && *wanted; wanted++) {
    if (which_of_ours(*wanted) != OURS) continue;
    *given = *wanted;
    // Of several, the loader uses the last.
    if (begins_with(*wanted, PRELOAD)) place = given;
    given++;
  }
  if (place) {
    char *value = *place + PRELOAD_SIZE;
    if (!entry_find(value)) *end = ':', strcpy(end + 1, value), *place = preload;
  } else {
    *given++ = preload;
  }
  // Our variables come last: when they are removed again, no gap remains in the kernel's block of variables.
  for (int which = 0; which < OURS; which++)
    if (kept[which]) *given++ = kept[which];
  *given = NULL;
}

static int start_with(char *memory, const struct room *room, char *const wanted[],
                      int (*start)(char *const given[], void *context), void *context) {
  environment_fill(wanted, (char **)memory, memory + room->list);
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
  // In a sandbox, the agent's first system calls would end the new program.
  bool sandboxed = !sandbox_allows(SANDBOX_RECORD | SANDBOX_THREAD | SANDBOX_RETURN | SANDBOX_MEMORY);
  enum target_kind kind = sandboxed ? TARGET_IS_SANDBOXED : target_look(&target, library, environment_get(OUR_DIR));
  if (kind != TARGET_TAKES_US) {
    unsigned bit = kind == TARGET_HAS_RIGHTS ? 0 : 1u << kind, before = atomic_fetch_or(&lost_kinds, bit);
    int result = start(wanted, context);
    // A result other than 0 means that no program was started: exec only returns when it fails.
    if (result != 0) atomic_fetch_and(&lost_kinds, before | ~bit);
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
  unsigned kinds = atomic_exchange(&lost_kinds, 0);
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
