#include "identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void identity_find(struct identity *identity, pid_t pid) {
  *identity = (struct identity){.pid = pid, .pids = {(unsigned int)pid}, .count = 1};
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "re");
  if (!file) return;
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, "NSpid:", 6) != 0) continue;
    char *at = line + 6, *end;
    for (; identity->count < PIDS_MAX; at = end) {
      unsigned long number = strtoul(at, &end, 10);
      if (end == at) break;
      identity->pids[identity->count++] = (unsigned int)number;
    }
  }
  fclose(file);
}

bool identity__is(const struct identity *identity, unsigned int pid) {
  for (unsigned int i = 0; i < identity->count; i++)
    if (identity->pids[i] == pid) return true;
  return identity->driver_pid && identity->driver_pid == pid;
}

bool process_is_elsewhere(unsigned int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%u", pid);
  return access(path, F_OK) != 0;
}

bool identity__has_context(const struct identity *identity) {
  static const char device[] = "/nvidia-uvm\n";
  char path[64], line[4096];
  snprintf(path, sizeof path, "/proc/%d/maps", identity->pid);
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
