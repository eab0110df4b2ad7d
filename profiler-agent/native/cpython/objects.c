#include "cpython/objects.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cpython/text.h"
#include "signals/guard.h"

#define READS_AT_ONCE 256
#define ITEMS_MAX 8192

static const struct interpreter *python;
static const struct layout *at;
static uintptr_t (*main_interpreter)(void);

void objects_use(const struct interpreter *interpreter) {
  python = interpreter;
  at = &python->at;
  main_interpreter = (uintptr_t(*)(void))interpreter_symbol("PyInterpreterState_Main");
}

uintptr_t interpreter_main(void) {
  return main_interpreter ? main_interpreter() : 0;
}

void memory_read_all(struct read *reads, uint32_t count) {
  if (guard_active()) {
    for (uint32_t i = 0; i < count; i++) reads[i].done = guarded_read(reads[i].address, reads[i].into, reads[i].size);
    return;
  }
  struct iovec local[READS_AT_ONCE], remote[READS_AT_ONCE];
  pid_t process = getpid();
  uint32_t next = 0;
  while (next < count) {
    uint32_t size = count - next < READS_AT_ONCE ? count - next : READS_AT_ONCE;
    for (uint32_t i = 0; i < size; i++) {
      struct read *read = &reads[next + i];
      read->done = false;
      local[i] = (struct iovec){read->into, read->size};
      remote[i] = (struct iovec){(void *)read->address, read->size};
    }
    ssize_t length = process_vm_readv(process, local, size, remote, size, 0);
    uint32_t i = 0;
    for (; i < size && length >= (ssize_t)reads[next + i].size; i++) {
      length -= reads[next + i].size;
      reads[next + i].done = true;
    }
    // The call stops at the first place that cannot be read. memory_read also works where a sandbox forbids this call.
    if (i < size)
      reads[next + i].done = memory_read(reads[next + i].address, reads[next + i].into, reads[next + i].size);
    next += i < size ? i + 1 : size;
  }
}

uintptr_t pointer_read(uintptr_t address) {
  uintptr_t pointer;
  if (!is_plausible(address) || !memory_read(address, &pointer, sizeof pointer)) return 0;
  return is_plausible(pointer) ? pointer : 0;
}

uintptr_t reference_read(uintptr_t address) {
  uintptr_t reference;
  if (!is_plausible(address) || !memory_read(address, &reference, sizeof reference)) return 0;
  reference &= ~(uintptr_t)7;
  return is_plausible(reference) ? reference : 0;
}

uintptr_t object_type(uintptr_t object) {
  return pointer_read(object + OBJECT_TYPE);
}

void type_name(uintptr_t type, char into[TYPE_NAME_BYTES]) {
  uintptr_t name;
  into[0] = 0;
  // The tp_name of a class written in Python lies inside a str, so it need not be aligned.
  if (!is_plausible(type) || !memory_read(type + TYPE_NAME, &name, sizeof name)) return;
  // A short name may lie at the end of mapped memory.
  size_t size = TYPE_NAME_BYTES - 1;
  while (size && !memory_read(name, into, size)) size /= 2;
  into[size] = 0;
}

bool type_is(uintptr_t type, const char *name) {
  char text[TYPE_NAME_BYTES];
  type_name(type, text);
  return strcmp(text, name) == 0;
}

uintptr_t type_base(uintptr_t type) {
  return pointer_read(type + TYPE_BASE);
}

// Reads the items of a table of keys. When `values` (PyDictValues; an array before 3.11) is not 0, the values are
// there.
static uint32_t keys_items(uintptr_t keys, uintptr_t values, struct item *into, uint32_t room) {
  static uintptr_t words[ITEMS_MAX * 3];
  unsigned char head[40];
  if (!is_plausible(keys) || !memory_read(keys, head, sizeof head)) return 0;
  uint64_t count, size, index_bytes;
  uint32_t step = 3;  // hash, key, value
  memcpy(&count, head + at->keys.entries, sizeof count);
  if (at->keys.size) {
    memcpy(&size, head + at->keys.size, sizeof size);
    index_bytes = size * (size <= 0xff ? 1 : size <= 0xffff ? 2 : size <= 0xffffffff ? 4 : 8);
  } else {
    uint8_t index_bits = head[at->keys.index_bytes], kind = head[at->keys.kind];
    if (index_bits > 40 || kind > 2) return 0;
    index_bytes = (uint64_t)1 << index_bits;
    if (kind != 0) step = 2;  // only str keys: entries have no hash
  }
  if (count > ITEMS_MAX) count = ITEMS_MAX;
  if (!memory_read(keys + at->keys.indices + index_bytes, words, count * step * 8)) return 0;
  uint32_t found = 0;
  for (uint64_t i = 0; i < count && found < room; i++)
    into[found++] = (struct item){words[i * step + step - 2], words[i * step + step - 1]};
  if (values) {
    if (!memory_read(values + at->attributes.first, words, found * sizeof *words)) return 0;
    for (uint32_t i = 0; i < found; i++) into[i].value = words[i];
  }
  uint32_t kept = 0;
  for (uint32_t i = 0; i < found; i++)
    if (is_plausible(into[i].key) && is_plausible(into[i].value)) into[kept++] = into[i];
  return kept;
}

uint32_t dict_items(uintptr_t dict, struct item *into, uint32_t room) {
  static uintptr_t dict_type;
  uintptr_t object[DICT_VALUES / 8 + 1];
  if (!is_plausible(dict) || !memory_read(dict, object, sizeof object)) return 0;
  uintptr_t type = object[OBJECT_TYPE / 8];
  if (type != dict_type) {
    if (!type_is(type, "dict")) return 0;
    dict_type = type;
  }
  return keys_items(object[DICT_KEYS / 8], object[DICT_VALUES / 8], into, room);
}

// Returns the value of a str key among items, 0 when there is none.
static uintptr_t items_find(const struct item *items, uint32_t count, struct name *name) {
  for (uint32_t i = 0; i < count && name->object; i++)
    if (items[i].key == name->object) return items[i].value;
  // A short ASCII str holds its characters itself, so many are read at once and compared.
  static unsigned char heads[READS_AT_ONCE][80];
  size_t length = strlen(name->text), data = at->str.ascii;
  for (uint32_t from = 0; from < count; from += READS_AT_ONCE) {
    struct read reads[READS_AT_ONCE];
    uint32_t size = count - from < READS_AT_ONCE ? count - from : READS_AT_ONCE;
    for (uint32_t i = 0; i < size; i++)
      reads[i] = (struct read){.address = items[from + i].key, .into = heads[i], .size = (uint32_t)(data + length)};
    memory_read_all(reads, size);
    for (uint32_t i = 0; i < size; i++) {
      uint64_t characters;
      memcpy(&characters, heads[i] + STR_LENGTH, sizeof characters);
      if (!reads[i].done || characters != length || memcmp(heads[i] + data, name->text, length) != 0) continue;
      name->object = items[from + i].key;
      return items[from + i].value;
    }
  }
  return 0;
}

uintptr_t dict_get(uintptr_t dict, struct name *name) {
  static struct item items[ITEMS_MAX];
  return items_find(items, dict_items(dict, items, ITEMS_MAX), name);
}

uintptr_t attribute_get(uintptr_t object, struct name *name) {
  static struct item items[256];
  uintptr_t type = object_type(object), dict = 0, values = 0;
  uint64_t flags;
  if (!type || !memory_read(type + TYPE_FLAGS, &flags, sizeof flags)) return 0;
  if (!at->attributes.dict || !(flags & TYPE_FLAG_MANAGED_DICT)) {
    int64_t offset;
    if (!memory_read(type + TYPE_DICT_OFFSET, &offset, sizeof offset) || offset <= 0 || offset > 4096) return 0;
    return dict_get(pointer_read(object + (uintptr_t)offset), name);
  }
  // The pointer to the dict, if there is one, lies before the object. So does, in 3.11, a pointer to values without a
  // dict. 3.12 has one pointer for either; that to values is stored minus 1. From 3.13 on values without a dict lie
  // behind the object.
  if (!memory_read(object - at->attributes.dict, &dict, sizeof dict)) return 0;
  if (at->attributes.values) {
    values = pointer_read(object - at->attributes.values);
  } else if (at->attributes.dict_or_values) {
    if (dict & 1) values = dict + 1;
  } else if (!dict && flags & TYPE_FLAG_INLINE_VALUES) {
    uint64_t size;
    if (!memory_read(type + TYPE_BASIC_SIZE, &size, sizeof size) || size > 4096) return 0;
    values = object + size;
  }
  if (!values) return dict_get(dict, name);
  return items_find(items, keys_items(pointer_read(type + at->attributes.cached_keys), values, items, 256), name);
}

// Returns the offset at which instances of a class store a slot, 0 when the class itself has no slot of this name.
static uintptr_t slot_find(uintptr_t type, struct name *name) {
  static struct {
    uintptr_t type;
    struct name *name;
    uintptr_t offset;
    uint64_t until;
  } known[8];
  uint64_t now = clock_ns(CLOCK_MONOTONIC_COARSE);
  size_t slot = mix64(type ^ (uintptr_t)name) % (sizeof known / sizeof *known);
  if (known[slot].type == type && known[slot].name == name && now < known[slot].until) return known[slot].offset;
  known[slot].type = type;
  known[slot].name = name;
  known[slot].offset = 0;
  known[slot].until = now + NS_PER_SECOND;
  uintptr_t descriptor = dict_get(pointer_read(type + TYPE_DICT), name), offset;
  if (descriptor && type_is(object_type(descriptor), "member_descriptor") &&
      memory_read(pointer_read(descriptor + DESCRIPTOR_MEMBER) + MEMBER_OFFSET, &offset, sizeof offset) &&
      offset < 4096)
    known[slot].offset = offset;
  return known[slot].offset;
}

uintptr_t member_get(uintptr_t object, struct name *name) {
  uintptr_t offset = slot_find(object_type(object), name);
  return offset ? pointer_read(object + offset) : attribute_get(object, name);
}

uintptr_t module_get(uintptr_t interpreter, struct name *module, struct name *global) {
  if (!is_plausible(interpreter)) return 0;
  uintptr_t found = dict_get(pointer_read(interpreter + at->interpreter.modules), module);
  return found ? dict_get(pointer_read(found + MODULE_DICT), global) : 0;
}

bool int_read(uintptr_t object, uint64_t *value) {
  struct {
    uint64_t count, type, size;
    uint32_t digit[3];
  } fields;
  if (!is_plausible(object) || !memory_read(object, &fields, sizeof fields - 4)) return false;
  // ob_size: the number of digits, negative for a negative number. From 3.12 on lv_tag: this number above other bits,
  // of which two are the sign.
  uint64_t digits = fields.size >> at->integer.tag_bits;
  if (digits > 3 || at->integer.tag_bits && fields.size & 2) return false;
  *value = 0;
  for (uint64_t i = 0; i < digits; i++) *value |= (uint64_t)fields.digit[i] << 30 * i;
  return true;
}

bool str_read(uintptr_t object, char *into, size_t room) {
  static unsigned char data[1024];
  struct text text;
  if (!type_is(object_type(object), "str") || !text_locate(&text, object, python)) return false;
  uint32_t size = text.length < sizeof data ? text.length : sizeof data;
  if (!memory_read(text.data, data, size)) return false;
  into[text_to_utf8(into, room - 1, data, size, text.width)] = 0;
  return true;
}
