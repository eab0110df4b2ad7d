#include "cpython/codes.h"

#include <string.h>

#include "cpython/text.h"
#include "signals/guard.h"

// A hash table of fixed size with open addressing. When half of it is full, which few processes reach, it is emptied:
// code objects that are seen again then get new ids.
#define SLOTS (1u << 16)
#define PROBES 16u

static struct {
  _Atomic uint64_t key;
  _Atomic uint32_t id;
} slots[SLOTS];
static _Atomic uint32_t used_slots;
static _Atomic uint32_t last_id;

// The multiplications do not depend on each other, and only their sum is mixed: that is fast enough for the handler.
static uint64_t key_hash(const struct code_key *key) {
  uint64_t sum = key->code * 0x9e3779b97f4a7c15ull + key->table * 0xc2b2ae3d27d4eb4full +
                 key->filename * 0xbf58476d1ce4e5b9ull + key->size * 0x94d049bb133111ebull +
                 key->name * 0xff51afd7ed558ccdull + (uint64_t)(uint32_t)key->first_line * 0xc4ceb9fe1a85ec53ull;
  return mix64(sum) | 1;  // 0 marks an empty slot
}

uint32_t codes_find(const struct code_key *key) {
  uint64_t hash = key_hash(key);
  for (uint32_t i = 0; i < PROBES; i++) {
    uint32_t at = (uint32_t)(hash >> 32) + i & (SLOTS - 1);
    uint64_t stored = atomic_load_explicit(&slots[at].key, memory_order_acquire);
    if (stored == hash) return atomic_load_explicit(&slots[at].id, memory_order_acquire);
    if (stored == 0) return 0;
  }
  return 0;
}

uint32_t codes_next_id(void) {
  return atomic_fetch_add(&last_id, 1) + 1;
}

void codes_add(const struct code_key *key, uint32_t id) {
  if (atomic_load(&used_slots) > SLOTS / 2) codes_clear();
  uint64_t hash = key_hash(key);
  for (uint32_t i = 0; i < PROBES; i++) {
    uint32_t at = (uint32_t)(hash >> 32) + i & (SLOTS - 1);
    uint64_t empty = 0;
    if (atomic_compare_exchange_strong(&slots[at].key, &empty, hash)) {
      // Until this store a reader finds id 0 and describes the code object a second time, which does no harm.
      atomic_store_explicit(&slots[at].id, id, memory_order_release);
      atomic_fetch_add(&used_slots, 1);
      return;
    }
    if (empty == hash) return;
  }
}

void codes_clear(void) {
  for (uint32_t i = 0; i < SLOTS; i++) {
    if (atomic_load_explicit(&slots[i].key, memory_order_relaxed) == 0) continue;
    atomic_store(&slots[i].id, 0);
    atomic_store(&slots[i].key, 0);
  }
  atomic_store(&used_slots, 0);
}

bool code_key_read(struct code_key *key, const struct interpreter *python, uintptr_t code) {
  const struct layout *at = &python->at;
  unsigned char copy[CODE_BYTES];
  if (!is_plausible(code)) return false;
  uintptr_t fields = guarded_fields(code, copy, sizeof copy);
  uint32_t failed = 0;
  if (!fields || guard_load(fields + OBJECT_TYPE, &failed) != python->code_type) return false;
  key->code = code;
  key->table = guard_load(fields + at->code.table, &failed);
  key->name = guard_load(fields + (at->code.qualname ? at->code.qualname : at->code.name), &failed);
  key->filename = guard_load(fields + at->code.filename, &failed);
  key->size = guard_load(fields + OBJECT_FIRST, &failed);
  key->first_line = (int32_t)guard_load_half(fields + at->code.first_line, &failed);
  return !failed;
}

uint32_t code_describe(void *into, uint32_t room, const struct code_key *key, uint32_t id,
                       const struct interpreter *python) {
  const struct layout *at = &python->at;
  struct text parts[CODE_PARTS] = {0};
  const uint16_t names[3] = {at->code.filename, at->code.name, at->code.qualname};
  for (int i = 0; i < 3; i++) {
    uintptr_t object;
    if (!names[i] || !guarded_read(key->code + names[i], &object, sizeof object)) continue;
    text_locate(&parts[i], object, python);
  }
  uintptr_t type = 0;
  uint64_t length = 0;
  if (guarded_read(key->table + OBJECT_TYPE, &type, sizeof type) && type == python->bytes_type &&
      guarded_read(key->table + OBJECT_SIZE, &length, sizeof length) && length < RING_SIZE / 2) {
    parts[CODE_TABLE] = (struct text){key->table + at->bytes.data, (uint32_t)length, 1};
  }

  uint32_t names_size = sizeof(struct entry_code);
  for (int i = 0; i < CODE_TABLE; i++) names_size += parts[i].length;
  if (names_size + 8 > room) return 0;
  if (names_size + parts[CODE_TABLE].length + 8 > room) parts[CODE_TABLE].length = 0;

  struct entry_code *entry = into;
  unsigned char *data = (unsigned char *)(entry + 1);
  memset(entry, 0, sizeof *entry);
  entry->id = id;
  entry->first_line = key->first_line;
  for (int i = 0; i < CODE_PARTS; i++) {
    if (!guarded_read(parts[i].data, data, parts[i].length)) return 0;
    entry->length[i] = parts[i].length;
    entry->width[i] = parts[i].width;
    data += parts[i].length;
  }
  uint32_t size = (uint32_t)(data - (unsigned char *)into) + 7 & ~7u;
  entry->entry = (struct entry){.size = size, .kind = ENTRY_CODE};
  return size;
}
