#define _GNU_SOURCE
#include "process/environment_block.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

uintptr_t environment_block_end(char *const list[]) {
  // Strings that were set later lie elsewhere. The name of the program's file follows the block.
  uintptr_t limit = getauxval(AT_EXECFN), end = 0;
  for (char *const *at = list; *at; at++) {
    uintptr_t variable = (uintptr_t)*at;
    if (variable < (uintptr_t)list || variable >= limit) continue;
    uintptr_t behind = variable + strlen(*at) + 1;
    if (behind > end) end = behind;
  }
  return end;
}

// The numbers of the fields of /proc/self/stat that the kernel needs to be told again.
enum { START_CODE = 26, END_CODE, START_STACK, START_DATA = 45, END_DATA, START_BRK, ARG_START, ARG_END, ENV_START };

static bool read_map(struct prctl_mm_map *map) {
  char text[1024];
  int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return false;
  text[length] = 0;
  uint64_t field[ENV_START + 1] = {0};
  // The command's name may contain anything, so fields are counted from its end.
  char *at = strrchr(text, ')');
  for (int number = 3; at && number <= ENV_START; number++) {
    at = strchr(at + 1, ' ');
    if (at) field[number] = strtoull(at, NULL, 10);
  }
  if (!at) return false;
  *map = (struct prctl_mm_map){
      .start_code = field[START_CODE],
      .end_code = field[END_CODE],
      .start_stack = field[START_STACK],
      .start_data = field[START_DATA],
      .end_data = field[END_DATA],
      .start_brk = field[START_BRK],
      .brk = (uint64_t)(uintptr_t)sbrk(0),
      .arg_start = field[ARG_START],
      .arg_end = field[ARG_END],
      .env_start = field[ENV_START],
      .exe_fd = (uint32_t)-1,
  };
  return map->env_start != 0;
}

void environment_block_shrink(uintptr_t end) {
  // With CAP_SYS_RESOURCE the end can be set alone. Without any permission, the removed strings stay as empty strings.
  if (end && prctl(PR_SET_MM, PR_SET_MM_ENV_END, end, 0, 0) == 0) return;
  struct prctl_mm_map map;
  if (!read_map(&map)) return;
  map.env_end = end ? end : map.env_start;
  prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}
