// Memory that C code allocates and copies, by every way there is. What is
// allocated here is kept until the process ends.
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// One block, made larger step by step.
void *grow_block(size_t total, size_t step) {
  char *block = NULL;
  for (size_t size = step; size <= total; size += step) {
    char *moved = realloc(block, size);
    if (!moved)
      return NULL;
    block = moved;
  }
  return block;
}

void *resize_block(void *block, size_t size) { return realloc(block, size); }

void free_block(void *block) { free(block); }

static void *allocate(const char *how, size_t size) {
  void *block = NULL;
  if (!strcmp(how, "malloc"))
    return malloc(size);
  if (!strcmp(how, "calloc"))
    return calloc(size / 8, 8);
  if (!strcmp(how, "memalign"))
    return memalign(256, size);
  if (!strcmp(how, "aligned_alloc"))
    return aligned_alloc(64, size);
  if (!strcmp(how, "posix_memalign"))
    return posix_memalign(&block, 4096, size) ? NULL : block;
  block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
               -1, 0);
  if (block == MAP_FAILED)
    return NULL;
  // A mapping is held as far as it is touched.
  return strcmp(how, "reserve") ? memset(block, 1, size) : block;
}

// So many blocks of one size. Returns how many there were.
long keep_blocks(const char *how, size_t size, long count) {
  for (long i = 0; i < count; i++)
    if (!allocate(how, size))
      return i;
  return count;
}

// So many blocks that are freed at once.
void pass_blocks(size_t size, long count) {
  for (long i = 0; i < count; i++) {
    char *volatile block = malloc(size);
    if (block)
      *block = 1;
    free(block);
  }
}

// Copies from one block to another, again and again.
void copy_blocks(size_t size, long count) {
  char *from = calloc(1, size), *to = malloc(size);
  for (long i = 0; from && to && i < count; i++) {
    memcpy(to, from, size);
    from[i % size] = to[0] + 1;
  }
  free(from);
  free(to);
}
