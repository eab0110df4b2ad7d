// What the C library promises of its allocation functions, one line of output for each promise: the same whoever is
// between it and the program. Called from memory_rules.py.
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 64
#define LARGE (1u << 20)  // always recorded

static void *volatile sink;  // so that no compiler leaves an allocation out
static volatile size_t huge = SIZE_MAX - 100, half = SIZE_MAX / 2 + 2;

static void say(const char *what, int right) {
  printf("%s: %s\n", what, right ? "yes" : "no");
}

static int is_aligned(void *block, size_t alignment) {
  sink = block;
  return block && (uintptr_t)block % alignment == 0;
}

static int refused(void *block, int error) {
  return !block && errno == error;
}

static int holds(const unsigned char *block, size_t size, unsigned char byte) {
  for (size_t i = 0; i < size; i++)
    if (block[i] != byte) return 0;
  return 1;
}

// Every size that may be sampled and every way to move it.
static void moving(size_t size) {
  int right = 1;
  for (int i = 0; i < MANY; i++) {
    unsigned char *block = realloc(NULL, size);
    memset(block, i, size);
    block = realloc(block, size * 3);
    right &= holds(block, size, i) && malloc_usable_size(block) >= size * 3;
    block = reallocarray(block, size / 2, 1);
    right &= holds(block, size / 2, i);
    errno = 0;
    right &= refused(realloc(block, huge), ENOMEM) && holds(block, size / 2, i);
    errno = 0;
    right &= refused(reallocarray(block, half, 2), ENOMEM) && holds(block, size / 2, i);
    errno = EDOM;
    free(block);
    right &= errno == EDOM;
    block = calloc(size / 8, 8);
    right &= holds(block, size, 0);
    sink = realloc(block, 0);
    right &= sink == NULL;
  }
  printf("%zu bytes move and stay: %s\n", size, right ? "yes" : "no");
}

static void refusals(void) {
  void *block = &block;
  errno = 0;
  say("malloc refuses", refused(malloc(huge), ENOMEM));
  errno = 0;
  say("calloc refuses a product", refused(calloc(half, 2), ENOMEM));
  errno = 0;
  say("memalign refuses", refused(memalign(64, huge), ENOMEM));
  errno = 0;
  say("aligned_alloc refuses", refused(aligned_alloc(64, huge & ~(size_t)63), ENOMEM));
  errno = 0;
  say("pvalloc refuses", refused(pvalloc(huge), ENOMEM));
  errno = EDOM;
  say("posix_memalign refuses a size", posix_memalign(&block, 64, huge) == ENOMEM && block == &block);
  say("posix_memalign refuses an alignment", posix_memalign(&block, 3, 64) == EINVAL && block == &block);
  free(NULL);
  say("free(NULL) leaves errno", errno == EDOM || errno == ENOMEM);
}

static void alignments(void) {
  int right = 1;
  long page = sysconf(_SC_PAGESIZE);
  for (size_t alignment = 16; alignment <= LARGE; alignment *= 4) {
    void *blocks[4] = {memalign(alignment, LARGE), aligned_alloc(alignment, LARGE), NULL, malloc(100)};
    right &= posix_memalign(&blocks[2], alignment, LARGE) == 0;
    for (int i = 0; i < 3; i++) right &= is_aligned(blocks[i], alignment);
    blocks[0] = realloc(blocks[0], 3 * LARGE);
    for (int i = 0; i < 4; i++) free(blocks[i]);
  }
  void *one = valloc(100), *other = pvalloc(100);
  right &= is_aligned(one, page) && is_aligned(other, page) && malloc_usable_size(other) >= (size_t)page;
  free(one);
  free(other);
  say("aligned", right);
}

static void mappings(void) {
  size_t page = sysconf(_SC_PAGESIZE), size = 64 * page;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS, both = PROT_READ | PROT_WRITE, right = 1;
  errno = 0;
  say("mmap refuses no size", mmap(NULL, 0, both, flags, -1, 0) == MAP_FAILED && errno == EINVAL);
  errno = 0;
  say("mmap refuses a bad file", mmap(NULL, size, both, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF);
  errno = 0;
  say("mmap refuses a bad place", mmap(NULL, size, both, flags, -1, 7) == MAP_FAILED && errno == EINVAL);
  errno = 0;
  say("mmap refuses too much", mmap(NULL, SIZE_MAX / 2, both, flags, -1, 0) == MAP_FAILED && errno == ENOMEM);
  errno = 0;
  say("munmap refuses", munmap((void *)1, page) == -1 && errno == EINVAL);
  errno = 0;
  say("mremap refuses", mremap((void *)1, page, page, 0) == MAP_FAILED && errno == EINVAL);
  for (int i = 0; i < MANY; i++) {
    unsigned char *block = mmap(NULL, size, both, flags, -1, 0);
    memset(block, i, size);
    errno = 0;
    right &= munmap(block + 1, page) == -1 && errno == EINVAL;
    right &= munmap(block, page) == 0 && holds(block + page, size - page, i);
    right &= munmap(block + 63 * page, page) == 0;
    block = mremap(block + page, 62 * page, 124 * page, MREMAP_MAYMOVE);
    right &= block != MAP_FAILED && holds(block, 62 * page, i) && holds(block + 62 * page, 62 * page, 0);
    void *place = mmap(NULL, size * 2, PROT_NONE, flags, -1, 0);
    right &= mremap(block, 124 * page, page, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place;
    right &= munmap(place, size * 2) == 0;
  }
  say("mappings come, move and go", right);
  FILE *file = tmpfile();
  for (int i = 0; i < 4; i++)
    for (size_t j = 0; j < page; j++) fputc('a' + i, file);
  fflush(file);
  char *third = mmap(NULL, page, PROT_READ, MAP_SHARED, fileno(file), 2 * page);
  say("a file is mapped from where it was asked", third[0] == 'c' && third[page - 1] == 'c');
  munmap(third, page);
  fclose(file);
}

static void copies(void) {
  static unsigned char from[3 * LARGE], to[3 * LARGE];
  int right = 1;
  for (size_t i = 0; i < sizeof from; i++) from[i] = (unsigned char)(i * 7 + i / 256);
  volatile size_t size = 3 * LARGE - 100;
  right &= memcpy(to, from, size) == to && memcmp(to, from, size) == 0;
  right &= memmove(to + 50, to, size) == to + 50 && memcmp(to + 50, from, size) == 0;
  right &= memmove(to, to + 50, size) == to && memcmp(to, from, size) == 0;
  say("copies", right);
}

// The smallest stack there is.
static void *on_small_stack(void *from) {
  for (int i = 0; i < MANY; i++) {
    char *volatile block = malloc(LARGE);
    memcpy(block, from, LARGE);
    block = realloc(block, 2 * LARGE);
    free(block);
  }
  return from;
}

static void small_stacks(void) {
  pthread_attr_t attributes;
  pthread_t threads[8];
  void *from = calloc(LARGE, 1), *result;
  int right = 1;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, sysconf(_SC_THREAD_STACK_MIN));
  for (int i = 0; i < 8; i++) right &= pthread_create(&threads[i], &attributes, on_small_stack, from) == 0;
  for (int i = 0; i < 8; i++) right &= pthread_join(threads[i], &result) == 0 && result == from;
  free(from);
  say("the smallest stacks are enough", right);
}

void rules(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  moving(100);
  moving(5000);
  moving(LARGE);
  refusals();
  alignments();
  mappings();
  copies();
  small_stacks();
}

// ---- Signals: a handler may map, copy and fork, and need not return ----

static unsigned char from[2 * LARGE], to[2 * LARGE];
static sigjmp_buf again;
static volatile sig_atomic_t handled, children;
// Once, and anew when the handler is done: with one pending, `siglongjmp` would be interrupted before it has left the
// stack, and a handler that takes longer than the interval would pile up on it.
static const struct itimerval soon = {{0, 0}, {0, 500}};

static void work(void) {
  memcpy(to, from, sizeof to);
  // Not touched: nearly all of this time is spent where it is recorded.
  for (int i = 0; i < 50; i++) {
    void *block = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(block, LARGE);
  }
}

static void on_alarm(int signal) {
  (void)signal;
  int saved = errno;
  handled++;
  memmove(to, from, sizeof to);
  work();
  if (handled % 10 == 0) {
    pid_t child = fork();
    if (child == 0) {
      for (int i = 0; i < 3; i++) work();
      _exit(7);
    }
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    children += WIFEXITED(status) && WEXITSTATUS(status) == 7;
  }
  if (handled % 3 == 0) siglongjmp(again, 1);
  setitimer(ITIMER_REAL, &soon, NULL);
  errno = saved;
}

static void *work_on(void *until) {
  while (!*(volatile int *)until) work();
  return NULL;
}

void handlers(int wanted) {
  volatile int done = 0;
  pthread_t thread;
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  pthread_sigmask(SIG_BLOCK, &alarm_only, NULL);
  pthread_create(&thread, NULL, work_on, (void *)&done);
  pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
  struct sigaction action = {.sa_handler = on_alarm}, old;
  sigaction(SIGALRM, &action, &old);
  struct itimerval never = {0};
  sigsetjmp(again, 1);
  setitimer(ITIMER_REAL, &soon, NULL);
  while (handled < wanted) work();
  setitimer(ITIMER_REAL, &never, NULL);
  sigaction(SIGALRM, &old, NULL);
  done = 1;
  pthread_join(thread, NULL);
  say("handled", handled >= wanted);
  say("children ended well", children == handled / 10);
}

// ---- Blocks that one library has and another gives back ----

void *take(size_t size) {
  return malloc(size);
}

void give(void *block) {
  free(block);
}

// Heap that the C library keeps, so that the program can allocate when the system has nothing more to give.
void reserve(size_t size) {
  mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_ARENA_MAX, 1);
  for (size_t part = 0; part < size; part += 16 * LARGE) sink = NULL;
  void *blocks[256];
  size_t count = size / (16 * LARGE);
  for (size_t i = 0; i < count; i++) blocks[i] = malloc(16 * LARGE);
  for (size_t i = 0; i < count; i++) free(blocks[i]);
}
