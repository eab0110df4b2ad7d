#include "identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void identity_find(struct identity *self, pid_t pid) {
  *self = (struct identity){.pid = pid, .names = {(unsigned int)pid}, .count = 1};
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "re");
  if (!file) return;
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, "NSpid:", 6) != 0) continue;
    char *at = line + 6, *end;
    for (; self->count < NAMES_MAX; at = end) {
      unsigned long name = strtoul(at, &end, 10);
      if (end == at) break;
      self->names[self->count++] = (unsigned int)name;
    }
  }
  fclose(file);
}

bool identity__is(const struct identity *self, unsigned int pid) {
  for (unsigned int i = 0; i < self->count; i++)
    if (self->names[i] == pid) return true;
  return self->alias && self->alias == pid;
}

bool process_is_elsewhere(unsigned int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%u", pid);
  return access(path, F_OK) != 0;
}

bool identity__has_context(const struct identity *self) {
  static const char device[] = "/nvidia-uvm\n";
  char path[64], line[4096];
  snprintf(path, sizeof path, "/proc/%d/maps", self->pid);
  FILE *file = fopen(path, "re");
  if (!file) return false;
  bool found = false;
  while (!found && fgets(line, sizeof line, file)) {
    size_t length = strlen(line);
    found = length >= sizeof device && strcmp(line + length - (sizeof device - 1), device) == 0;
  }
  fclose(file);
  return found;
}
