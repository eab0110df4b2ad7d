#define _GNU_SOURCE
#include "process/target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

// A script's interpreter may be a script; this many are followed.
#define SCRIPTS_MAX 4
#define FIRST_BYTES 1024

// Reads the path of the loader that a program needs, with a NUL. False when it needs none, as a statically linked
// program.
static bool loader_read(int file, const Elf64_Ehdr *header, char *into, size_t size) {
  if (header->e_phentsize != sizeof(Elf64_Phdr)) return false;
  for (int i = 0; i < header->e_phnum; i++) {
    Elf64_Phdr part;
    off_t at = (off_t)(header->e_phoff + (uint64_t)i * sizeof part);
    if (pread(file, &part, sizeof part, at) != (ssize_t)sizeof part) return false;
    if (part.p_type != PT_INTERP) continue;
    size_t length = part.p_filesz < size ? part.p_filesz : size - 1;
    ssize_t got = pread(file, into, length, (off_t)part.p_offset);
    into[got > 0 ? got : 0] = 0;
    return true;
  }
  return false;
}

static enum target_kind program_look(int file, const unsigned char *bytes, size_t size) {
  Elf64_Ehdr header;
  char loader[256];
  struct stat about;
  if (size < sizeof header) return TARGET_TAKES_US;
  memcpy(&header, bytes, sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != MACHINE) return TARGET_IS_OTHER;
  // By a system call: old C libraries do not export this function.
  if (syscall(SYS_fstat, file, &about) == 0) {
    bool user = about.st_mode & S_ISUID && about.st_uid != geteuid();
    bool group = about.st_mode & S_ISGID && about.st_mode & S_IXGRP && about.st_gid != getegid();
    if (user || group) return TARGET_HAS_RIGHTS;
  }
  if (loader_read(file, &header, loader, sizeof loader) && strstr(loader, "/ld-musl-")) return TARGET_IS_OTHER;
  return TARGET_TAKES_US;
}

static enum target_kind file_look(int file, int scripts);

static enum target_kind path_look(int folder, const char *path, int scripts) {
  int file = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  // Nothing is known about a file that can be executed but not read.
  if (file < 0) return TARGET_TAKES_US;
  enum target_kind kind = file_look(file, scripts);
  close(file);
  return kind;
}

static enum target_kind file_look(int file, int scripts) {
  unsigned char bytes[FIRST_BYTES + 1];
  ssize_t size = pread(file, bytes, FIRST_BYTES, 0);
  if (size < 4) return TARGET_TAKES_US;
  if (memcmp(bytes, ELFMAG, SELFMAG) == 0) return program_look(file, bytes, (size_t)size);
  if (bytes[0] != '#' || bytes[1] != '!' || scripts == SCRIPTS_MAX) return TARGET_TAKES_US;
  bytes[size] = 0;
  char *path = (char *)bytes + 2;
  path += strspn(path, " \t");
  path[strcspn(path, " \t\r\n")] = 0;
  return *path ? path_look(AT_FDCWD, path, scripts + 1) : TARGET_TAKES_US;
}

// Finds a name in PATH as the C library does.
static enum target_kind name_look(const char *name) {
  const char *folders = getenv("PATH");
  if (!folders) folders = "/bin:/usr/bin";
  for (const char *end; *folders; folders = *end ? end + 1 : end) {
    char path[4096];
    end = strchrnul(folders, ':');
    int length = snprintf(path, sizeof path, "%.*s%s%s", (int)(end - folders), folders, end > folders ? "/" : "", name);
    if (length < 0 || (size_t)length >= sizeof path || access(path, X_OK) != 0) continue;
    return path_look(AT_FDCWD, path, 0);
  }
  return TARGET_TAKES_US;
}

static bool can_read(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file >= 0) close(file);
  return file >= 0;
}

// When the kernel does not support the question, as in some containers, writing is taken to be possible.
static bool can_write(const char *folder) {
  if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0) return true;
  return errno != EACCES && errno != ENOENT && errno != ENOTDIR && errno != EROFS;
}

enum target_kind target_look(const struct target *target, const char *library, const char *recordings) {
  enum target_kind kind;
  if (!target->path || !*target->path)
    kind = file_look(target->file, 0);
  else if (target->search && !strchr(target->path, '/'))
    kind = name_look(target->path);
  else
    kind = path_look(target->file, target->path, 0);
  if (kind != TARGET_TAKES_US) return kind;
  return can_read(library) && can_write(recordings) ? TARGET_TAKES_US : TARGET_OUT_OF_REACH;
}
