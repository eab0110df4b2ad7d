// What a program can find out about its signal handlers and the stacks they run on: prints the same in every run.
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif
#define ALTERNATE 65536

static char alternate[ALTERNATE], other[ALTERNATE];
static volatile int deep, calls, frames;
static volatile uintptr_t where, from;
static volatile stack_t within;
static volatile int within_error;
static sigset_t within_mask;
static siginfo_t seen;
static sigjmp_buf back;

static void spin(double seconds) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  double end = now.tv_sec + now.tv_nsec * 1e-9 + seconds;
  do {
    for (volatile int i = 0; i < 10000; i++) {
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  } while (now.tv_sec + now.tv_nsec * 1e-9 < end);
}

#if defined(__x86_64__)
#define STACK_POINTER(context) ((uintptr_t)(context)->uc_mcontext.gregs[REG_RSP])
#define COUNTER(context) ((context)->uc_mcontext.gregs[REG_RIP])
#else
#define STACK_POINTER(context) ((uintptr_t)(context)->uc_mcontext.sp)
#define COUNTER(context) ((context)->uc_mcontext.pc)
#endif

static int is_in(const char *stack, uintptr_t address) {
  return address - (uintptr_t)stack < ALTERNATE;
}

static const char *place(void) {
  if (is_in(alternate, where)) return "alternate";
  if (is_in(other, where)) return "other";
  return from - where < 32768 ? "interrupted" : "elsewhere";
}

static void handler(int number, siginfo_t *info, void *context) {
  void *addresses[64];
  calls++;
  where = (uintptr_t)__builtin_frame_address(0);
  from = STACK_POINTER((ucontext_t *)context);
  stack_t now, mine = {.ss_sp = other, .ss_size = ALTERNATE};
  sigaltstack(NULL, &now);
  within = now;
  within_error = 0;
  if (now.ss_flags & SS_ONSTACK && sigaltstack(&mine, NULL) != 0) within_error = errno;
  // As whoever has a critical section in there does.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &within_mask);
  pthread_sigmask(SIG_SETMASK, &within_mask, NULL);
  frames = backtrace(addresses, 64);
  seen = *info;
  spin(0.002);
  if (deep-- > 0) raise(number);
}

static void jumping(int number, siginfo_t *info, void *context) {
  calls++;
  seen = *info;
  where = (uintptr_t)__builtin_frame_address(0);
  from = STACK_POINTER((ucontext_t *)context);
  siglongjmp(back, number);
}

static void install(int number, void (*function)(int, siginfo_t *, void *), int flags) {
  struct sigaction action = {.sa_sigaction = function, .sa_flags = SA_SIGINFO | flags}, told;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGUSR2);
  int result = sigaction(number, &action, NULL);
  sigaction(number, NULL, &told);
  printf("  %d set %d flags %x %d mask %d %d %d\n", number, result, told.sa_flags,
         told.sa_sigaction == function, sigismember(&told.sa_mask, SIGUSR2), sigismember(&told.sa_mask, SIGUSR1),
         sigismember(&told.sa_mask, number));
}

static void say_stack(const char *when) {
  stack_t now;
  int result = sigaltstack(NULL, &now);
  printf("%s: %d %s %x %zu\n", when, result, now.ss_sp == alternate ? "alternate" : now.ss_sp ? "other" : "none",
         (unsigned)now.ss_flags, now.ss_size);
}

static void use(char *stack, size_t size, unsigned flags) {
  stack_t mine = {.ss_sp = stack, .ss_size = size, .ss_flags = (int)flags}, old;
  memset(&old, 0, sizeof old);
  int result = sigaltstack(&mine, &old);
  printf("sigaltstack %d %s; %x %zu\n", result, result ? strerror(errno) : "", (unsigned)old.ss_flags, old.ss_size);
}

static void send(const char *what, int number) {
  calls = 0;
  raise(number);
  printf("%s: %d calls, %s, %x %d, blocked %d %d, by %d %d\n", what, calls, place(), (unsigned)within.ss_flags,
         within_error, sigismember(&within_mask, number), sigismember(&within_mask, SIGUSR2), seen.si_code,
         seen.si_pid == getpid());
}

static void *in_thread(void *unused) {
  (void)unused;
  say_stack("in a thread");
  send("in a thread", SIGUSR1);
  send("in a thread", SIGSEGV);
  spin(0.02);
  return NULL;
}

// ---- Faults ----

static volatile char *page;
static void touch(void) {
  *page = 1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Winfinite-recursion"
static int overflow(int depth) {
  volatile char room[4096];
  room[0] = (char)depth;
  return overflow(depth + 1) + room[0];
}
#pragma GCC diagnostic pop

static void *overflows(void *unused) {
  (void)unused;
  use(alternate, ALTERNATE, 0);
  for (int i = 0; i < 5; i++)
    if (!sigsetjmp(back, 1)) overflow(0);
  printf("overflow: %s %d\n", place(), seen.si_code > 0);
  use(NULL, 0, SS_DISABLE);
  return NULL;
}

static void faults(void) {
  page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int good = 0;
  for (int i = 0; i < 2000; i++) {
    if (!sigsetjmp(back, 1)) touch();
    good += seen.si_addr == page && seen.si_code == SEGV_ACCERR && !strcmp(place(), "alternate");
  }
  printf("faults %d\n", good);
  FILE *file = tmpfile();
  page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
  if (!sigsetjmp(back, 1)) touch();
  printf("bus %d %d\n", seen.si_signo, seen.si_addr == page);
}

// ---- Registers, and stacks of the program's own ----

static void clobber(int number, siginfo_t *info, void *context) {
  (void)number, (void)info, (void)context;
  calls++;
#if defined(__x86_64__)
  __asm__ volatile("pcmpeqd %%xmm8, %%xmm8" ::: "xmm8");
#else
  __asm__ volatile("movi v8.16b, #255" ::: "v8");
#endif
}

static int registers(void) {
  double kept = 0;
  int wrong = 0;
  for (int i = 0; i < 200; i++) {
    double value = i * 1.25;
#if defined(__x86_64__)
    long pid = getpid(), call = 62;
    __asm__ volatile("movq %2, %%xmm8; syscall; movq %%xmm8, %0"
                     : "=r"(kept), "+a"(call)
                     : "r"(value), "D"(pid), "S"((long)SIGUSR1)
                     : "rcx", "r11", "xmm8", "memory");
#else
    register long number __asm__("x8") = 129, pid __asm__("x0") = getpid(), sent __asm__("x1") = SIGUSR1;
    __asm__ volatile("fmov d8, %2; svc #0; fmov %0, d8"
                     : "=r"(kept), "+r"(pid)
                     : "r"(value), "r"(number), "r"(sent)
                     : "v8", "memory");
#endif
    wrong += kept != value;
  }
  return wrong;
}

static ucontext_t home, away;
static void on_small_stack(void) {
  for (int i = 0; i < 3; i++) {
    spin(0.03);
    send("on a small stack", SIGUSR1);
    swapcontext(&away, &home);
  }
}

static void contexts(void) {
  static unsigned char room[3 * ALTERNATE];
  memset(room, 0xa5, sizeof room);
  getcontext(&away);
  away.uc_stack.ss_sp = room + ALTERNATE;
  away.uc_stack.ss_size = ALTERNATE;
  away.uc_link = &home;
  makecontext(&away, on_small_stack, 0);
  for (int i = 0; i < 3; i++) swapcontext(&home, &away);
  int changed = 0;
  for (int i = 0; i < ALTERNATE; i++) changed += room[i] != 0xa5 || room[2 * ALTERNATE + i] != 0xa5;
  printf("beside it %d\n", changed);
}

// ---- All of it ----

static void with_flags(int flags) {
  printf("flags %x\n", flags);
  for (int which = 0; which < 3; which++) {
    int number = (int[]){SIGUSR1, SIGSEGV, SIGBUS}[which];
    install(number, handler, flags);
    send("as it is", number);
    if (flags & SA_RESETHAND) install(number, handler, flags & ~SA_RESETHAND);
    if (flags & SA_NODEFER) deep = 3;
    send("deep", number);
    deep = 0;
    printf("%d deep\n", frames);
  }
}

void everything(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  void *unused[2];
  backtrace(unused, 2);
  struct sigaction told;
  for (int number = 1; number < 32; number++) {
    sigaction(number, NULL, &told);
    printf("%d: %d %x; ", number, told.sa_handler == SIG_DFL ? 0 : told.sa_handler == SIG_IGN ? 1 : 2, told.sa_flags);
  }
  printf("\n");
  say_stack("at first");
  int flags[] = {0, SA_ONSTACK, SA_ONSTACK | SA_RESTART, SA_ONSTACK | SA_NODEFER, SA_ONSTACK | SA_RESETHAND};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    with_flags(flags[i]);
    use(alternate, ALTERNATE, 0);
    say_stack("with one");
    with_flags(flags[i]);
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
    use(NULL, 0, SS_DISABLE);
    say_stack("without");
  }
  use(alternate, 100, 0);
  use(alternate, ALTERNATE, 77);
  say_stack("still");
  printf("%d %d\n", sigaltstack((stack_t *)8, NULL), errno);
  use(alternate, ALTERNATE, SS_AUTODISARM);
  say_stack("disarmed by itself");
  install(SIGUSR1, handler, SA_ONSTACK);
  send("disarmed by itself", SIGUSR1);
  say_stack("armed again");
  use(alternate, ALTERNATE, 0);
  say_stack("as before");
  send("as before", SIGUSR1);

  install(SIGSEGV, jumping, SA_ONSTACK);
  install(SIGBUS, jumping, SA_ONSTACK);
  faults();
  use(NULL, 0, SS_DISABLE);
  pthread_t thread;
  pthread_create(&thread, NULL, overflows, NULL);
  pthread_join(thread, NULL);

  contexts();
  install(SIGUSR1, clobber, SA_ONSTACK);
  printf("registers %d\n", registers());
  use(alternate, ALTERNATE, 0);
  printf("registers %d\n", registers());

  printf("signal %d\n", signal(SIGSEGV, SIG_DFL) == (sighandler_t)jumping);
  sigaction(SIGSEGV, NULL, &told);
  printf("%x %d\n", told.sa_flags, sigismember(&told.sa_mask, SIGSEGV));
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  printf("siginterrupt %d", siginterrupt(SIGSEGV, 1));
  sigaction(SIGSEGV, NULL, &told);
  printf(" %x\n", told.sa_flags);
  fflush(stdout);
  for (int how = 0; how < 4; how++) {
    int status;
    pid_t child = fork();
    if (child == 0) {
      spin(0.02);
      page = NULL;
      if (how == 0) touch();
      if (how == 1) kill(getpid(), SIGSEGV);
      if (how == 2) signal(SIGBUS, SIG_IGN), kill(getpid(), SIGBUS), raise(SIGBUS), signal(SIGBUS, SIG_DFL), raise(SIGBUS);
      sigset_t all;
      sigfillset(&all);
      sigprocmask(SIG_SETMASK, &all, NULL);
      if (how == 3) install(SIGSEGV, handler, 0), touch();
      _exit(3);
    }
    waitpid(child, &status, 0);
    printf("child %x\n", status & 0x7f);
  }
}
