// Which allocations are looked at, and which of those are still alive.
//
// Poisson sampling over bytes: every byte of every allocation is chosen with probability 1/period, independently, and
// an allocation is sampled when one of its bytes is (T. Karagiannis et al. call it byte-based sampling; tcmalloc and
// Go's runtime do the same). One of `size` bytes is so sampled with probability 1 − e^(−size/period), and stands for
// 1/that many of its kind: unbiased for every line, however small its share. Allocations of a period and more are all
// counted, each for itself.
//
// The program's memory stays where and as it would be: sampled blocks are not moved, padded or marked. What was sampled
// is kept in a table by address; a filter in front of it, a byte for each page, lets nearly every free pass with one
// load.
#pragma once
#include "base.h"

struct interpreter;
struct thread;

// Who allocated, as the recording says it.
enum memory_kind { MEMORY_MALLOC, MEMORY_PYTHON, MEMORY_MAP };

// ---- The fast paths, for the hooks ----

// Thread-locals of the hooks, in one cache line.
struct memory_local {
  uint64_t room;     // this many bytes may be allocated before memory_wants has to be asked
  uint64_t reserve;  // and this many after that, before the next sample
  uint64_t period;   // bytes, that both were drawn with
  uint64_t copies;   // this many bytes may be copied before memory_copied has to be called
  uint64_t further;  // and one less than this after that, before the next sample; 0 = nothing is drawn
  uint64_t random;
  uint64_t old;  // size of the block that an allocator of Python's is resizing, 0 unknown
  bool inside;   // the agent's own doing: not looked at
  bool python;   // in an allocator of Python's: what malloc is asked for now is Python's
  bool counted;  // and malloc has been asked
  bool reached;  // the layer on Python's allocators has been called
};
extern __thread struct memory_local memory_local __attribute__((tls_model("initial-exec"), visibility("hidden")));

#define MEMORY_FILTER (1u << 16)
extern _Atomic uint8_t memory_filter[MEMORY_FILTER] __attribute__((visibility("hidden")));

INLINE uint32_t memory_page(const void *block) {
  return (uint32_t)((uintptr_t)block >> 12) & (MEMORY_FILTER - 1);
}

// True when this allocation may have to be sampled: memory_wants says.
INLINE bool memory_counts(size_t size) {
  struct memory_local *local = &memory_local;
  if (LIKELY(size < local->room)) {
    local->room -= size;
    return false;
  }
  return true;
}

// True when the block may be one that was sampled: memory_freed or memory_take must be told.
INLINE bool memory_may_know(const void *block) {
  return UNLIKELY(atomic_load_explicit(&memory_filter[memory_page(block)], memory_order_relaxed) != 0);
}

// ---- The slow paths ----

// Whether an allocation of this size is sampled. *period is its period, 0 when every one of this size is.
bool memory_wants(size_t size, uint64_t *period);
// Records a block that has just been allocated. `grown` is how much more it is than the block it replaces.
void memory_allocated(const void *block, size_t size, size_t grown, uint64_t period, enum memory_kind kind);
// A block is about to be freed, which may be one of the table.
void memory_freed(const void *block);
// Takes a block out of the table, since it is about to be freed or moved. Returns its size when it was sampled,
// otherwise 0. Afterwards the token is either released, the block is gone, or kept, it was not freed after all.
#define TOUCHED_UNKNOWN UINT64_MAX
struct memory_token {
  uint32_t id;
  bool exact;  // it was not a matter of chance that it is known
  size_t size;
  uint64_t touched;  // bytes of a mapping that were in memory just before it was given back, or TOUCHED_UNKNOWN
};
size_t memory_take(const void *block, struct memory_token *token);
void memory_release(const struct memory_token *token);
void memory_keep(const void *block, const struct memory_token *token);
// A block that is resized in small steps is known by a size that it had: what it has grown by is said with a later
// step, as long as that is less than a 128th. Only what is certainly known may be, or its chance would count twice.
INLINE bool memory_grows_little(const struct memory_token *token, size_t size) {
  return token->exact && size >= token->size && size - token->size < token->size / 128;
}
// Bytes moved by memcpy and the like, when `copies` of the thread has run out.
void memory_copied(size_t size);

// ---- For the rest of the agent ----

// Begins, with a first period. Nothing is sampled before.
void memory_start(const struct interpreter *python);
bool memory_is_on(void);
// Changes the period so that sampling keeps within its budget. (watcher)
void memory_adapt(uint64_t now);
// Says what a person has to know, as soon as it is so. (watcher)
void memory_say(void);
// The program goes on as before, but is not looked at any more. `why` is said once.
void memory_leave(const char *why);
// Nothing is looked at any more.
void memory_stop(void);
// In a forked child: it begins anew.
void memory_after_fork(void);
