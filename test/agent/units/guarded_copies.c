// Copies from and to memory that is not there, which is all that they have to survive. Prints what they say.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "signals/guard.h"

static void on_fault(int number, siginfo_t *info, void *context) {
  if (guard_recover(info, context, true)) return;
  signal(number, SIG_DFL);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  guard_use(true);

  char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  static char copy[8192];
  memset(pages, 7, 3 * 4096);
  munmap(pages + 4096, 4096);
  int right = 0, wrong = 0;
  for (size_t size = 1; size <= 700; size++) {
    for (size_t before = 0; before <= size; before += size / 3 + 1) {
      memset(copy, 0, sizeof copy);
      bool there = before == 0;
      bool read = guarded_read((uintptr_t)pages + 4096 - size + before, copy, size);
      bool whole = memcmp(copy, pages, size) == 0;
      bool written = guarded_write(pages + 4096 - size + before, copy, size);
      if (read == there && (!there || whole) && written == there)
        right++;
      else
        wrong++;
      memset(pages, 7, 4096);
    }
  }
  printf("%d wrong, %d right\n", wrong, right);
  // Loads in place, across the edge and beyond it.
  uint32_t failed[3] = {0};
  uint64_t there = guard_load((uintptr_t)pages + 4088, &failed[0]),
           across = guard_load((uintptr_t)pages + 4090, &failed[1]);
  uint32_t half = guard_load_half((uintptr_t)pages + 4092, &failed[0]);
  uint8_t byte = guard_load_byte((uintptr_t)pages + 4095, &failed[0]),
          beyond = guard_load_byte((uintptr_t)pages + 4096, &failed[2]);
  printf("%d %d %d\n", failed[0], failed[1], failed[2]);
  printf("%llx %llx %x %x %x\n", (unsigned long long)there, (unsigned long long)across, half, byte, beyond);
  // Addresses that no page table can hold.
  printf("%d %d\n", guarded_read((uintptr_t)1 << 62, copy, 8), guarded_read(0, copy, 300));

  FILE *file = tmpfile();
  ftruncate(fileno(file), 8192);
  char *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
  bool before = guarded_write(shared + 4096, "written", 8);
  ftruncate(fileno(file), 4096);
  bool after = guarded_write(shared + 4096, "written", 8);
  printf("%d %d\n", before, after);
  printf("%d\n", guard_recovered() > 100);

  guard_use(false);
  printf("%d %d\n", guarded_read((uintptr_t)pages, copy, 8), guarded_read((uintptr_t)pages + 4096, copy, 8));
  return 0;
}
