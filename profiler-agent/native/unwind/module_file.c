#define _GNU_SOURCE
#include "unwind/module_file.h"

#include <elf.h>
#include <string.h>

// This many bytes of the tables distinguish two builds of a library.
#define TABLE_BYTES 512

// Hashes whole words.
static uint64_t hash(uint64_t before, const void *data, size_t size) {
  uint64_t word;
  for (size_t at = 0; at < size; at += sizeof word) {
    memcpy(&word, (const char *)data + at, sizeof word);
    before = mix64(before ^ word);
  }
  return before | 1;
}

// Reads the build id from a PT_NOTE segment at `note`.
static void module__read_build_id(struct module *module, uintptr_t note, size_t size) {
  unsigned char bytes[1024];
  if (size > sizeof bytes) size = sizeof bytes;
  if (!memory_read(note, bytes, size)) return;
  for (size_t at = 0; at + 12 <= size;) {
    uint32_t name, length, type;
    memcpy(&name, bytes + at, 4);
    memcpy(&length, bytes + at + 4, 4);
    memcpy(&type, bytes + at + 8, 4);
    size_t data = at + 12 + ((name + 3) & ~3u);
    if (name > size || length > size || data + length > size) return;
    if (type == NT_GNU_BUILD_ID && length <= sizeof module->build_id) {
      memcpy(module->build_id, bytes + data, length);
      module->build_id_size = (uint8_t)length;
      return;
    }
    at = data + ((length + 3) & ~3u);
  }
}

// Reads the ELF header at the start of the file's first mapping.
void module__read(struct module *module, uintptr_t base) {
  Elf64_Ehdr header;
  if (!memory_read(base, &header, sizeof header)) return;
  module->head = module->content = hash(0, &header, sizeof header);
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) return;
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > 64) return;
  Elf64_Phdr program[64];
  if (!memory_read(base + header.e_phoff, program, header.e_phnum * sizeof *program)) return;
  module->content = hash(module->content, program, header.e_phnum * sizeof *program);
  uintptr_t first = UINTPTR_MAX;
  for (int i = 0; i < header.e_phnum; i++)
    if (program[i].p_type == PT_LOAD && program[i].p_vaddr < first) first = program[i].p_vaddr;
  if (first == UINTPTR_MAX) return;
  module->bias = base - (first & ~(uintptr_t)4095);
  if (header.e_entry) module->entry = module->bias + header.e_entry;
  for (int i = 0; i < header.e_phnum; i++) {
    uintptr_t address = module->bias + program[i].p_vaddr;
    if (program[i].p_type == PT_NOTE) module__read_build_id(module, address, program[i].p_memsz);
    if (program[i].p_type != PT_GNU_EH_FRAME) continue;
    module->frame_header = address;
    // .eh_frame is in the same segment, usually right behind its header.
    for (int j = 0; j < header.e_phnum; j++) {
      uintptr_t start = module->bias + program[j].p_vaddr;
      if (program[j].p_type == PT_LOAD && address - start < program[j].p_memsz)
        module->frame_header_end = start + program[j].p_memsz;
    }
  }
  module->content = hash(module->content, module->build_id, sizeof module->build_id);
  unsigned char table[TABLE_BYTES];
  size_t size = module->frame_header_end - module->frame_header;
  if (size > sizeof table) size = sizeof table;
  if (module->frame_header && memory_read(module->frame_header, table, size & ~(size_t)7))
    module->content = hash(module->content, table, size & ~(size_t)7);
}

bool module__is_there(const struct module *module) {
  Elf64_Ehdr header;
  // Nothing is known about mappings that are not files, such as the kernel's.
  return !module->head ||
         memory_read(module->base, &header, sizeof header) && hash(0, &header, sizeof header) == module->head;
}
