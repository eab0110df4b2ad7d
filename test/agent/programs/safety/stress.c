// Compiled parts of stress.py: stacks that are borrowed, code that is made and taken away, calls back into Python.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static long count_down(long rounds) {
  volatile long sum = 0;
  while (rounds--) sum += rounds & 7;
  return sum;
}

// Bytes of foreign memory that changed while the stack pointer lay in it.
long borrowed(long rounds) {
  enum { SIZE = 65536, AT = 60000 };
  unsigned char *block = malloc(SIZE);
  memset(block, 0xA5, SIZE);
  // The program's own handlers would run there too.
  sigset_t own, before;
  sigemptyset(&own);
  sigaddset(&own, SIGALRM);
  sigaddset(&own, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &own, &before);
#if defined(__x86_64__)
  __asm__ volatile("mov %%rsp, %%r12; mov %1, %%rsp; 1: dec %0; jnz 1b; mov %%r12, %%rsp"
                   : "+r"(rounds)
                   : "r"(block + AT)
                   : "r12", "memory", "cc");
#else
  count_down(rounds);
#endif
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  long changed = 0;
  for (long i = 0; i < SIZE; i++) changed += block[i] != 0xA5;
  free(block);
  return changed;
}

// A loop that is written into memory, run and taken away, time and again at the same address.
long generated(long rounds) {
#if defined(__x86_64__)
  static const unsigned char loop[] = {0xb8, 0, 0, 0, 0, 0xff, 0xc0, 0xff, 0xcf, 0x75, 0xfa, 0xc3};
  size_t page = (size_t)getpagesize();
  void *code = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return -1;
  memcpy(code, loop, sizeof loop);
  mprotect(code, page, PROT_READ | PROT_EXEC);
  long result = ((int (*)(int))code)((int)rounds);
  munmap(code, page);
  return result;
#else
  return rounds;
#endif
}

// A library is called and unloaded, and code of another kind comes to lie where it was.
long unloaded(const char *path, long rounds) {
  void *library = dlopen(path, RTLD_NOW);
  if (!library) return -1;
  long (*spin)(long) = (long (*)(long))dlsym(library, "spin");
  long result = spin(rounds);
  dlclose(library);
#if defined(__x86_64__)
  static const unsigned char loop[] = {0xb8, 0, 0, 0, 0, 0xff, 0xc0, 0xff, 0xcf, 0x75, 0xfa, 0xc3};
  size_t size = (size_t)getpagesize();
  void *page = (void *)((uintptr_t)spin & ~(size - 1));
  void *made = mmap(page, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  // It may be somewhere else: another thread is faster now and then.
  void *code = made == page ? (void *)spin : made;
  memcpy(code, loop, sizeof loop);
  ((int (*)(int))code)((int)rounds);
  munmap(made, size);
#endif
  return result;
}

// ---- Fibers ----

#define FIBER_STACK 262144
static __thread ucontext_t outside, inside;
static __thread long (*wanted)(long);
static __thread long argument, answer;

static void fiber_body(void) {
  answer = wanted ? wanted(argument) : count_down(argument);
}

// Calls a function, or spins, on a stack from the heap.
long fiber(long (*call)(long), long value) {
  char *stack = malloc(FIBER_STACK);
  getcontext(&inside);
  inside.uc_stack.ss_sp = stack;
  inside.uc_stack.ss_size = FIBER_STACK;
  inside.uc_link = &outside;
  wanted = call;
  argument = value;
  makecontext(&inside, fiber_body, 0);
  swapcontext(&outside, &inside);
  free(stack);
  return answer;
}

// Calls a function at so many frames of C.
long deep(long (*call)(long), long value, long depth) {
  volatile char room[64] = {0};
  return depth ? deep(call, value, depth - 1) + room[0] : call(value);
}
