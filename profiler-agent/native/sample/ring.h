// A single-producer, single-consumer ring of variable-sized entries: the producer is the sampling handler on one
// thread, the consumer the watcher. A full ring refuses; nobody ever waits.
#pragma once
#include "base.h"

// Powers of two. Pages of a ring that have been written to stay in memory, so where threads are many theirs are
// smaller.
#define RING_SIZE (256u * 1024u)
#define RING_SIZE_OF_MANY (64u * 1024u)

struct ring {
  _Atomic uint32_t head;  // Bytes ever written; the producer's.
  _Atomic uint32_t tail;  // Bytes ever read; the consumer's.
  uint32_t size;
  _Alignas(64) unsigned char data[];
};

enum entry_kind { ENTRY_SKIP, ENTRY_SAMPLE, ENTRY_CODE, ENTRY_END };

// Every entry starts with this and is a multiple of 8 bytes long.
struct entry {
  uint32_t size;
  uint32_t kind;
};

// A sample as the handler saw it. Clocks are absolute: the watcher takes the differences, so a dropped sample's cost
// goes to the next one. 0: a sandbox forbids to read them. Followed by its frames, one word each, innermost first.
struct entry_sample {
  struct entry entry;
  uint64_t wall, cpu;
  struct ticks ticks;
  uint32_t words;
  uint8_t flags, opcode;
  bool by_tick;       // by the thread's timer, not by the watcher
  bool from_outside;  // the watcher has read the clocks
};

// A word is a Python frame (its code's id, and its instruction in bytes or −1) or a native one: a program counter, or a
// function's start, and one more than the index of the module that it was in, which may be unloaded before the word is
// written down (0: not known). No program has code above the address bits.
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

// A code object seen for the first time. Followed by the four byte strings, one after the other.
enum { CODE_FILENAME, CODE_NAME, CODE_QUALNAME, CODE_TABLE, CODE_PARTS };
struct entry_code {
  struct entry entry;
  uint32_t id;
  int32_t first_line;
  uint32_t length[CODE_PARTS];  // bytes
  uint8_t width[CODE_PARTS];    // bytes per character: 1 (ASCII), 0 (Latin-1), 2, 4
  uint8_t padding[4];
};

struct entry_end {
  struct entry entry;
  uint64_t wall, cpu;
};

// Contiguous room for `size` bytes (a multiple of 8), or NULL when the ring is full. Nothing is visible to the reader
// before ring__publish. (signal)
INLINE void *ring__reserve(struct ring *self, uint32_t size) {
  uint32_t head = atomic_load_explicit(&self->head, memory_order_relaxed);
  uint32_t tail = atomic_load_explicit(&self->tail, memory_order_acquire);
  uint32_t free = self->size - (head - tail);
  uint32_t to_end = self->size - (head & (self->size - 1));
  if (size <= to_end) return size <= free ? self->data + (head & (self->size - 1)) : NULL;
  if (size + to_end > free) return NULL;
  struct entry *skip = (struct entry *)(self->data + (head & (self->size - 1)));
  skip->size = to_end;
  skip->kind = ENTRY_SKIP;
  atomic_store_explicit(&self->head, head + to_end, memory_order_release);
  return self->data;
}

// Shows the entry that was written where ring__reserve said. It may be smaller than what was reserved. (signal)
INLINE void ring__publish(struct ring *self, uint32_t size) {
  uint32_t head = atomic_load_explicit(&self->head, memory_order_relaxed);
  atomic_store_explicit(&self->head, head + size, memory_order_release);
}

// Whether the last entry, of `size` bytes, filled it beyond a quarter: a reader that waits should come. (signal)
INLINE bool ring__fills(struct ring *self, uint32_t size) {
  uint32_t head = atomic_load_explicit(&self->head, memory_order_relaxed), enough = self->size / 4;
  uint32_t used = head - atomic_load_explicit(&self->tail, memory_order_relaxed);
  // Before one at the beginning lies what was skipped to get there.
  bool first = ((head - size) & (self->size - 1)) == 0;
  return used >= enough && (first || used - size < enough);
}

// The oldest entry, or NULL. (watcher)
INLINE const struct entry *ring__peek(struct ring *self) {
  for (;;) {
    uint32_t tail = atomic_load_explicit(&self->tail, memory_order_relaxed);
    if (atomic_load_explicit(&self->head, memory_order_acquire) == tail) return NULL;
    const struct entry *entry = (const struct entry *)(self->data + (tail & (self->size - 1)));
    if (entry->kind != ENTRY_SKIP) return entry;
    atomic_store_explicit(&self->tail, tail + entry->size, memory_order_release);
  }
}

// Whether there are others behind this one, which is the oldest. (watcher)
INLINE bool ring__has_more(struct ring *self, const struct entry *entry) {
  uint32_t used =
      atomic_load_explicit(&self->head, memory_order_acquire) - atomic_load_explicit(&self->tail, memory_order_relaxed);
  return used > entry->size;
}

INLINE void ring__pop(struct ring *self, const struct entry *entry) {
  uint32_t tail = atomic_load_explicit(&self->tail, memory_order_relaxed);
  atomic_store_explicit(&self->tail, tail + entry->size, memory_order_release);
}
