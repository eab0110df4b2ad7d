// Decides which allocations are sampled, and knows which of those are alive.
//
// Poisson sampling over bytes: each byte of each allocation is chosen with probability 1/period, independently, and an
// allocation is sampled when one of its bytes is chosen (tcmalloc and Go's runtime do the same). So an allocation of
// `size` bytes is sampled with probability 1 − e^(−size/period), and stands for as many of its size as the inverse of
// this probability. So figures are unbiased for every line, however little it allocates. Allocations of a period and
// more are all sampled, and each stands for itself only.
//
// The program's memory stays as it would be: sampled blocks are not moved, padded or marked. They are kept in a table
// by address. A filter in front of the table, one byte for each page, lets nearly every free pass with one load.
//
// Sizes and periods are in bytes. Unless a comment says otherwise, functions run on the program's threads.
#pragma once
#include "base.h"

struct interpreter;
struct thread;

// Who allocated, as numbered in the recording.
enum memory_kind { MEMORY_MALLOC, MEMORY_PYTHON, MEMORY_MAP };

// ---- The fast paths, for the hooks ----

// State of the calling thread, in one cache line.
struct memory_local {
  uint64_t room;     // bytes that may be allocated before memory_wants must be asked
  uint64_t reserve;  // bytes after that until the next sample
  uint64_t period;   // the period with which both were drawn
  uint64_t copies;   // bytes that may be copied before memory_copied must be called
  uint64_t further;  // 1 + bytes after that until the next sample; 0: not drawn yet
  uint64_t random;   // state of the random numbers
  uint64_t old;      // size of the block that an allocator of Python's is resizing, 0: unknown
  bool inside;       // the agent allocates: not counted
  bool python;       // inside an allocator of Python's: a call of malloc now is for Python
  bool counted;      // inside it, malloc has been called
  bool reached;      // the layer on Python's allocators has been called
};
extern __thread struct memory_local memory_local __attribute__((tls_model("initial-exec"), visibility("hidden")));

// The filter: the number of sampled blocks on a page, by the low bits of the page's number. UINT8_MAX stays.
#define MEMORY_FILTER (1u << 16)
extern _Atomic uint8_t memory_filter[MEMORY_FILTER] __attribute__((visibility("hidden")));

INLINE uint32_t memory_page(const void *block) {
  return (uint32_t)((uintptr_t)block >> 12) & (MEMORY_FILTER - 1);
}

// True when this allocation may have to be sampled: then memory_wants decides.
INLINE bool memory_counts(size_t size) {
  struct memory_local *local = &memory_local;
  if (LIKELY(size < local->room)) {
    local->room -= size;
    return false;
  }
  return true;
}

// True when the block may be in the table: then memory_freed or memory_take must be called before it is freed.
INLINE bool memory_may_know(const void *block) {
  return UNLIKELY(atomic_load_explicit(&memory_filter[memory_page(block)], memory_order_relaxed) != 0);
}

// ---- The slow paths ----

// True when an allocation of this size is sampled. *period is the period to record, 0 when all of this size are
// sampled.
bool memory_wants(size_t size, uint64_t *period);
// Notes a block that was just allocated. `grown`: by how much it is larger than the block that it replaces.
void memory_allocated(const void *block, size_t size, size_t grown, uint64_t period, enum memory_kind kind);
// A block that may be in the table is about to be freed. If it is there, takes it out and notes the free.
void memory_freed(const void *block);
// Takes a block out of the table that is about to be freed or moved. Returns its size when it was sampled, else 0.
// Afterwards memory_release must be called when the block is gone, or memory_keep when it is not: the call failed, or
// the block lives on at the given address.
#define TOUCHED_UNKNOWN UINT64_MAX
struct memory_token {
  uint32_t id;  // of the allocation in the recording, 0: the block was not sampled
  bool exact;   // every block of this size is sampled
  size_t size;
  uint64_t touched;  // bytes of a mapping that were in memory just before it was unmapped, or TOUCHED_UNKNOWN
};
size_t memory_take(const void *block, struct memory_token *token);
void memory_release(const struct memory_token *token);
void memory_keep(const void *block, const struct memory_token *token);
// True when a resized block may stay in the table with its old size: growth of less than a 128th is counted with a
// later resize. Only for blocks of a size of which every one is sampled: others would be sampled twice by chance.
INLINE bool memory_grows_little(const struct memory_token *token, size_t size) {
  return token->exact && size >= token->size && size - token->size < token->size / 128;
}
// The thread copies `size` bytes, which is more than memory_local.copies allows.
void memory_copied(size_t size);

// ---- For the rest of the agent ----

// Begins to sample. (thread that starts the agent)
void memory_start(const struct interpreter *python);
// True while memory is sampled. (any thread)
bool memory_is_on(void);
// Changes the period so that sampling stays within its budget, and looks at mappings and allocators. `now` in ns.
// (watcher)
void memory_adapt(uint64_t now);
// Writes why sampling has ended, once it has. (watcher)
void memory_say(void);
// Ends sampling while the program goes on. memory_say tells the user `why`. (any thread)
void memory_leave(const char *why);
// Ends sampling without telling the user. (any thread)
void memory_stop(void);
// In a forked child: begins anew.
void memory_after_fork(void);
