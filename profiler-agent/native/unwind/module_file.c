#define _GNU_SOURCE
#include "unwind/module_file.h"

#include <elf.h>
#include <string.h>

// So much of the tables tells two builds of a library apart.
#define TABLE_BYTES 512

// Of whole words.
static uint64_t hash(uint64_t before, const void *data, size_t size) {
  uint64_t word;
  for (size_t at = 0; at < size; at += sizeof word) {
    memcpy(&word, (const char *)data + at, sizeof word);
    before = mix64(before ^ word);
  }
  return before | 1;
}

// The build id from a PT_NOTE segment at `note`.
static void module__read_build_id(struct module *self, uintptr_t note, size_t size) {
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
    if (type == NT_GNU_BUILD_ID && length <= sizeof self->build_id) {
      memcpy(self->build_id, bytes + data, length);
      self->build_id_size = (uint8_t)length;
      return;
    }
    at = data + ((length + 3) & ~3u);
  }
}

// Reads the ELF header as it lies in memory, at the mapping of file offset 0.
void module__read(struct module *self, uintptr_t base) {
  Elf64_Ehdr header;
  if (!memory_read(base, &header, sizeof header)) return;
  self->head = self->content = hash(0, &header, sizeof header);
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) return;
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > 64) return;
  Elf64_Phdr program[64];
  if (!memory_read(base + header.e_phoff, program, header.e_phnum * sizeof *program)) return;
  self->content = hash(self->content, program, header.e_phnum * sizeof *program);
  uintptr_t first = UINTPTR_MAX;
  for (int i = 0; i < header.e_phnum; i++)
    if (program[i].p_type == PT_LOAD && program[i].p_vaddr < first) first = program[i].p_vaddr;
  if (first == UINTPTR_MAX) return;
  self->bias = base - (first & ~(uintptr_t)4095);
  if (header.e_entry) self->entry = self->bias + header.e_entry;
  for (int i = 0; i < header.e_phnum; i++) {
    uintptr_t address = self->bias + program[i].p_vaddr;
    if (program[i].p_type == PT_NOTE) module__read_build_id(self, address, program[i].p_memsz);
    if (program[i].p_type != PT_GNU_EH_FRAME) continue;
    self->frame_header = address;
    // .eh_frame lies in the same segment, as a rule right after its header.
    for (int j = 0; j < header.e_phnum; j++) {
      uintptr_t start = self->bias + program[j].p_vaddr;
      if (program[j].p_type == PT_LOAD && address - start < program[j].p_memsz)
        self->frame_header_end = start + program[j].p_memsz;
    }
  }
  self->content = hash(self->content, self->build_id, sizeof self->build_id);
  unsigned char table[TABLE_BYTES];
  size_t size = self->frame_header_end - self->frame_header;
  if (size > sizeof table) size = sizeof table;
  if (self->frame_header && memory_read(self->frame_header, table, size & ~(size_t)7))
    self->content = hash(self->content, table, size & ~(size_t)7);
}

bool module__is_there(const struct module *self) {
  Elf64_Ehdr header;
  // Of a file that is none of ours, as of the kernel, nothing is known.
  return !self->head ||
         memory_read(self->base, &header, sizeof header) && hash(0, &header, sizeof header) == self->head;
}
