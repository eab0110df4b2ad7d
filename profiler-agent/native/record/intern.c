#include "record/intern.h"

#define FIRST_CAPACITY 4096u
#define LAST_CAPACITY (1u << 20)

struct intern_slot {
  uint64_t a, b;
  uint32_t id;
};

void intern__clear(struct intern *table) {
  pages_free(table->slots, table->capacity * sizeof *table->slots);
  *table = (struct intern){0};
}

static struct intern_slot *slot_of(const struct intern *table, uint64_t a, uint64_t b) {
  uint32_t at = (uint32_t)mix64(a ^ mix64(b)) & (table->capacity - 1);
  while (table->slots[at].id && (table->slots[at].a != a || table->slots[at].b != b))
    at = (at + 1) & (table->capacity - 1);
  return &table->slots[at];
}

// Enlarges the table. False when there is no memory: the table stays as it is.
static bool grow(struct intern *table) {
  if (table->capacity >= LAST_CAPACITY) intern__clear(table);
  struct intern larger = {.capacity = table->capacity ? table->capacity * 4 : FIRST_CAPACITY, .used = table->used};
  larger.slots = pages_alloc(larger.capacity * sizeof *larger.slots);
  if (!larger.slots) return false;
  for (uint32_t i = 0; i < table->capacity; i++)
    if (table->slots[i].id) *slot_of(&larger, table->slots[i].a, table->slots[i].b) = table->slots[i];
  pages_free(table->slots, table->capacity * sizeof *table->slots);
  *table = larger;
  return true;
}

uint32_t intern__find_or_add(struct intern *table, uint64_t a, uint64_t b, uint32_t fresh) {
  if (table->used * 2 >= table->capacity && !grow(table) && table->used + 1 >= table->capacity) return 0;
  struct intern_slot *slot = slot_of(table, a, b);
  if (slot->id) return slot->id;
  *slot = (struct intern_slot){a, b, fresh};
  table->used++;
  return 0;
}
