#include "record/intern.h"

#define FIRST_CAPACITY 4096u
#define LAST_CAPACITY (1u << 20)

struct intern_slot {
  uint64_t a, b;
  uint32_t id;
};

void intern__clear(struct intern *self) {
  pages_free(self->slots, self->capacity * sizeof *self->slots);
  *self = (struct intern){0};
}

static struct intern_slot *slot_of(const struct intern *self, uint64_t a, uint64_t b) {
  uint32_t at = (uint32_t)mix64(a ^ mix64(b)) & (self->capacity - 1);
  while (self->slots[at].id && (self->slots[at].a != a || self->slots[at].b != b)) at = (at + 1) & (self->capacity - 1);
  return &self->slots[at];
}

// False when there is no memory: the table is left as it is.
static bool grow(struct intern *self) {
  if (self->capacity >= LAST_CAPACITY) intern__clear(self);
  struct intern larger = {.capacity = self->capacity ? self->capacity * 4 : FIRST_CAPACITY, .used = self->used};
  larger.slots = pages_alloc(larger.capacity * sizeof *larger.slots);
  if (!larger.slots) return false;
  for (uint32_t i = 0; i < self->capacity; i++)
    if (self->slots[i].id) *slot_of(&larger, self->slots[i].a, self->slots[i].b) = self->slots[i];
  pages_free(self->slots, self->capacity * sizeof *self->slots);
  *self = larger;
  return true;
}

uint32_t intern__find_or_add(struct intern *self, uint64_t a, uint64_t b, uint32_t fresh) {
  if (self->used * 2 >= self->capacity && !grow(self) && self->used + 1 >= self->capacity) return 0;
  struct intern_slot *slot = slot_of(self, a, b);
  if (slot->id) return slot->id;
  *slot = (struct intern_slot){a, b, fresh};
  self->used++;
  return 0;
}
