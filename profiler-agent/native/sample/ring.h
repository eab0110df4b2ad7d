// A ring of variable-sized entries with one producer, the sampling handler of one thread, and one consumer, the
// watcher. Neither ever waits: a full ring refuses an entry. Sizes are in bytes.
#pragma once
#include "base.h"

// Powers of two. Pages of a ring stay in memory once they have been written, so a process with many threads gets
// smaller rings.
#define RING_SIZE (256u * 1024u)
#define RING_SIZE_OF_MANY (64u * 1024u)

struct ring {
  _Atomic uint32_t head;  // bytes ever written, changed by the producer
  _Atomic uint32_t tail;  // bytes ever read, changed by the consumer
  uint32_t size;
  _Alignas(64) unsigned char data[];
};

enum entry_kind { ENTRY_SKIP, ENTRY_SAMPLE, ENTRY_CODE, ENTRY_END };

// Every entry starts with this and is a multiple of 8 bytes long.
struct entry {
  uint32_t size;
  uint32_t kind;
};

// A sample as the handler took it. Its frames follow, one word each, innermost first. Clocks are absolute, in ns; 0
// where a sandbox forbids reading them. The watcher takes the differences of successive samples, so the cost of a
// dropped one goes to the next.
struct entry_sample {
  struct entry entry;
  uint64_t wall, cpu;
  struct ticks ticks;
  uint32_t words;  // number of frames
  uint8_t flags, opcode;
  bool by_tick;       // asked for by the thread's timer, not by the watcher
  bool from_outside;  // the watcher has filled in the clocks
};

// The word of a Python frame holds the id of its code object and the offset of its instruction in bytes (−1: not
// known). The word of a native frame holds the start of its function, or else its program counter, and 1 + the index of
// its module (0: not known): the module may be unloaded before the watcher resolves the address. Addresses of code are
// so low that these bits are free in them.
#define WORD_IS_FUNCTION ((uint64_t)1 << 63)
#define WORD_IS_PYTHON ((uint64_t)1 << 62)

#define WORD_MODULE_SHIFT 48
INLINE uint64_t word_native(uintptr_t address, bool is_function, int module) {
  uint64_t low = address & ((uintptr_t)1 << WORD_MODULE_SHIFT) - 1;
  uint64_t known = low == address ? (uint64_t)(module + 1) << WORD_MODULE_SHIFT : 0;
  return low | known | (is_function ? WORD_IS_FUNCTION : 0);
}

INLINE uint64_t word_python(uint32_t code, int32_t instruction) {
  return WORD_IS_PYTHON | (uint64_t)code << 32 | (uint32_t)instruction;
}
INLINE uint32_t word_code(uint64_t word) {
  return (uint32_t)((word & ~WORD_IS_PYTHON) >> 32);
}
INLINE int32_t word_instruction(uint64_t word) {
  return (int32_t)(uint32_t)word;
}

// A code object that has no id yet. Its four byte strings follow, one after the other.
enum { CODE_FILENAME, CODE_NAME, CODE_QUALNAME, CODE_TABLE, CODE_PARTS };
struct entry_code {
  struct entry entry;
  uint32_t id;
  int32_t first_line;
  uint32_t length[CODE_PARTS];  // bytes
  uint8_t width[CODE_PARTS];    // bytes per character: 1 (ASCII), 0 (Latin-1), 2, 4
  uint8_t padding[4];
};

// The thread has ended. Its clocks at that moment, in ns; 0 where a sandbox forbids reading them.
struct entry_end {
  struct entry entry;
  uint64_t wall, cpu;
};

// Contiguous room for `size` bytes (a multiple of 8), or NULL when the ring is full. Nothing is visible to the reader
// before ring__publish. (signal)
INLINE void *ring__reserve(struct ring *ring, uint32_t size) {
  uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
  uint32_t free = ring->size - (head - tail);
  uint32_t to_end = ring->size - (head & (ring->size - 1));
  if (size <= to_end) return size <= free ? ring->data + (head & (ring->size - 1)) : NULL;
  if (size + to_end > free) return NULL;
  struct entry *skip = (struct entry *)(ring->data + (head & (ring->size - 1)));
  skip->size = to_end;
  skip->kind = ENTRY_SKIP;
  atomic_store_explicit(&ring->head, head + to_end, memory_order_release);
  return ring->data;
}

// Makes visible the entry that was written where ring__reserve said. It may be smaller than what was reserved. (signal)
INLINE void ring__publish(struct ring *ring, uint32_t size) {
  uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  atomic_store_explicit(&ring->head, head + size, memory_order_release);
}

// True when the last entry, of `size` bytes, made the ring more than a quarter full: the watcher should be woken.
// (signal)
INLINE bool ring__fills(struct ring *ring, uint32_t size) {
  uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed), enough = ring->size / 4;
  uint32_t used = head - atomic_load_explicit(&ring->tail, memory_order_relaxed);
  // An entry at the start of the ring may follow skipped bytes, which count as used, too.
  bool first = ((head - size) & (ring->size - 1)) == 0;
  return used >= enough && (first || used - size < enough);
}

// The oldest entry, or NULL. (watcher)
INLINE const struct entry *ring__peek(struct ring *ring) {
  for (;;) {
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (atomic_load_explicit(&ring->head, memory_order_acquire) == tail) return NULL;
    const struct entry *entry = (const struct entry *)(ring->data + (tail & (ring->size - 1)));
    if (entry->kind != ENTRY_SKIP) return entry;
    atomic_store_explicit(&ring->tail, tail + entry->size, memory_order_release);
  }
}

// True when other entries follow the oldest one, `entry`. (watcher)
INLINE bool ring__has_more(struct ring *ring, const struct entry *entry) {
  uint32_t used =
      atomic_load_explicit(&ring->head, memory_order_acquire) - atomic_load_explicit(&ring->tail, memory_order_relaxed);
  return used > entry->size;
}

// Removes the oldest entry, which is `entry`. (watcher)
INLINE void ring__pop(struct ring *ring, const struct entry *entry) {
  uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  atomic_store_explicit(&ring->tail, tail + entry->size, memory_order_release);
}
