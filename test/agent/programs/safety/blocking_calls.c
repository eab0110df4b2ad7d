/*
 * Makes the C library's blocking calls directly, where nobody retries what a signal has cut short, and counts how often
 * they fail with EINTR. Loaded by blocking_calls.py.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int sockets[2], patient[2], pipes[2], listener, full[2], epoll_file, semaphores, messages;
static sem_t semaphore;
static char buffer[64];
static struct timespec limit;  // of every call

static struct timespec after(clockid_t clock) {
  struct timespec at;
  clock_gettime(clock, &at);
  at.tv_sec += limit.tv_sec;
  at.tv_nsec += limit.tv_nsec;
  if (at.tv_nsec >= 1000000000) at.tv_sec++, at.tv_nsec -= 1000000000;
  return at;
}

static int limit_ms(void) {
  int ms = (int)(limit.tv_sec * 1000 + limit.tv_nsec / 1000000);
  return ms ? ms : 1;
}

// pthread-style results as errno-style ones.
static int result(int error) {
  errno = error;
  return error ? -1 : 0;
}

static int call_nanosleep(void) { return nanosleep(&limit, NULL); }
static int call_nanosleep_again(void) {
  struct timespec left = limit;
  return nanosleep(&left, &left);
}
static int call_clock_nanosleep(void) { return result(clock_nanosleep(CLOCK_MONOTONIC, 0, &limit, NULL)); }
static int call_clock_nanosleep_until(void) {
  struct timespec at = after(CLOCK_MONOTONIC);
  return result(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL));
}
static int call_usleep(void) { return usleep((useconds_t)(limit.tv_sec * 1000000 + limit.tv_nsec / 1000)); }
static int call_poll(void) { return poll(NULL, 0, limit_ms()); }
static int call_ppoll(void) { return ppoll(NULL, 0, &limit, NULL); }
static int call_select(void) {
  struct timeval time = {limit.tv_sec, limit.tv_nsec / 1000};
  fd_set files;
  FD_ZERO(&files);
  FD_SET(sockets[0], &files);
  return select(sockets[0] + 1, &files, NULL, NULL, &time);
}
static int call_pselect(void) { return pselect(0, NULL, NULL, NULL, &limit, NULL); }
static int call_epoll_wait(void) {
  struct epoll_event event;
  return epoll_wait(epoll_file, &event, 1, limit_ms());
}
static int call_epoll_pwait(void) {
  struct epoll_event event;
  sigset_t none;
  sigemptyset(&none);
  return epoll_pwait(epoll_file, &event, 1, limit_ms(), &none);
}
static int call_recv(void) { return (int)recv(sockets[0], buffer, sizeof buffer, 0); }
static int call_recvfrom(void) { return (int)recvfrom(sockets[0], buffer, sizeof buffer, 0, NULL, NULL); }
static int call_recvmsg(void) {
  struct iovec part = {buffer, sizeof buffer};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  return (int)recvmsg(sockets[0], &message, 0);
}
static int call_recvmmsg(void) {
  struct iovec part = {buffer, sizeof buffer};
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
  return recvmmsg(sockets[0], &message, 1, 0, NULL);
}
static int call_read(void) { return (int)read(sockets[0], buffer, sizeof buffer); }
static int call_send(void) { return (int)send(full[0], buffer, sizeof buffer, 0); }
static int call_write(void) { return (int)write(full[0], buffer, sizeof buffer); }
static int call_accept(void) { return accept(listener, NULL, NULL); }
static int call_accept4(void) { return accept4(listener, NULL, NULL, 0); }
static int call_sigtimedwait(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGURG);
  return sigtimedwait(&set, NULL, &limit);
}
static int call_sigtimedwait_all(void) {
  sigset_t set;
  sigfillset(&set);
  sigdelset(&set, SIGUSR1);
  sigdelset(&set, SIGALRM);
  return sigtimedwait(&set, NULL, &limit);
}
static int call_sem_timedwait(void) {
  struct timespec at = after(CLOCK_REALTIME);
  return sem_timedwait(&semaphore, &at);
}
static int call_semtimedop(void) {
  struct sembuf operation = {0, -1, 0};
  return semtimedop(semaphores, &operation, 1, &limit);
}
// These have no time limit: only a signal ends them.
static int call_pause(void) { return pause(); }
static int call_sigsuspend(void) {
  sigset_t none;
  sigemptyset(&none);
  return sigsuspend(&none);
}
static int call_msgrcv(void) {
  struct {
    long type;
    char text[8];
  } message;
  return (int)msgrcv(messages, &message, sizeof message.text, 0, 0);
}
static int call_sigwaitinfo(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGURG);
  return sigwaitinfo(&set, NULL);
}

// These the kernel restarts after some handlers.
static int call_recv_unlimited(void) { return (int)recv(patient[0], buffer, sizeof buffer, 0); }
static int call_read_unlimited(void) { return (int)read(pipes[0], buffer, sizeof buffer); }

static const struct {
  const char *name;
  int (*make)(void);
  bool unlimited;
} calls[] = {
    {"nanosleep", call_nanosleep, false},
    {"nanosleep, the rest in the same place", call_nanosleep_again, false},
    {"clock_nanosleep", call_clock_nanosleep, false},
    {"clock_nanosleep until", call_clock_nanosleep_until, false},
    {"usleep", call_usleep, false},
    {"poll", call_poll, false},
    {"ppoll", call_ppoll, false},
    {"select", call_select, false},
    {"pselect", call_pselect, false},
    {"epoll_wait", call_epoll_wait, false},
    {"epoll_pwait", call_epoll_pwait, false},
    {"recv", call_recv, false},
    {"recvfrom", call_recvfrom, false},
    {"recvmsg", call_recvmsg, false},
    {"recvmmsg", call_recvmmsg, false},
    {"read", call_read, false},
    {"send", call_send, false},
    {"write", call_write, false},
    {"accept", call_accept, false},
    {"accept4", call_accept4, false},
    {"sigtimedwait", call_sigtimedwait, false},
    {"sigtimedwait for all", call_sigtimedwait_all, false},
    {"sem_timedwait", call_sem_timedwait, false},
    {"semtimedop", call_semtimedop, false},
    {"pause", call_pause, true},
    {"sigsuspend", call_sigsuspend, true},
    {"msgrcv", call_msgrcv, true},
    {"sigwaitinfo", call_sigwaitinfo, true},
    {"recv, unlimited", call_recv_unlimited, true},
    {"read, unlimited", call_read_unlimited, true},
};
#define CALLS (sizeof calls / sizeof *calls)

static void limit_set(long ns) {
  limit = (struct timespec){ns / 1000000000, ns % 1000000000};
  struct timeval time = {limit.tv_sec, limit.tv_nsec / 1000};
  setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  setsockopt(full[0], SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

static void on_signal(int number) {
  (void)number;
}

static void prepare(void) {
  socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
  socketpair(AF_UNIX, SOCK_STREAM, 0, patient);
  if (pipe(pipes) != 0) abort();
  socketpair(AF_UNIX, SOCK_STREAM, 0, full);
  while (send(full[0], buffer, sizeof buffer, MSG_DONTWAIT) > 0) {
  }
  listener = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  bind(listener, (struct sockaddr *)&address, sizeof address.sun_family);  // a name of the kernel's choice
  listen(listener, 1);
  epoll_file = epoll_create1(0);
  semaphores = semget(IPC_PRIVATE, 1, 0600);
  messages = msgget(IPC_PRIVATE, 0600);
  sem_init(&semaphore, 0, 0);
  // Without SA_RESTART.
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGALRM, &action, NULL);
}

static void forget(void) {
  semctl(semaphores, 0, IPC_RMID);
  msgctl(messages, IPC_RMID, NULL);
}

// Computes for a while, so that the thread has a running clock and is in step with nothing.
static void work(void) {
  static unsigned state = 1;
  state = state * 1103515245 + 12345;
  for (volatile unsigned i = 0; i < (state >> 16) % 50000; i++) {
  }
}

// Each call again and again with a short time limit: prints how many were cut short, and says on stderr how many there
// were.
void free_calls(double seconds) {
  prepare();
  for (size_t i = 0; i < CALLS; i++) {
    if (calls[i].unlimited) continue;
    limit_set(30 * 1000);
    int made = 0, interrupted = 0;
    struct timespec now, end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += (long)(seconds * 1e9);
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    do {
      work();
      made++;
      if (calls[i].make() < 0 && errno == EINTR) interrupted++;
      clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
    printf("%s: %d interrupted\n", calls[i].name, interrupted);
    fprintf(stderr, "%d ", made);
  }
  fflush(stdout);
  forget();
}

static pthread_t caller;
static int caller_tid;
static _Atomic int round_now, rounds_done, lost;

static bool sleeps(int tid) {
  char path[64], text[256] = "";
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
  int file = open(path, O_RDONLY);
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  char *state = length > 0 ? strrchr(text, ')') : NULL;
  return state && state[2] == 'S';
}

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Sends one signal per round, once the caller sleeps in its call. A second one, should the first not end the call, is
// counted.
static void *killer(void *unused) {
  (void)unused;
  long sent = 0;
  for (int seen = 0; !atomic_load(&rounds_done);) {
    // Read before the thread is looked at: one that sleeps then sleeps in this round's call, or in a later one's.
    int round = atomic_load(&round_now);
    bool again = round == seen;
    if (!round || (again && now_ms() - sent < 500) || !sleeps(caller_tid)) {
      syscall(SYS_sched_yield);
      continue;
    }
    if (again) atomic_fetch_add(&lost, 1);
    seen = round;
    sent = now_ms();
    pthread_kill(caller, SIGUSR1);
  }
  return NULL;
}

static int rounds_of(int (*make)(void), int rounds, bool alarm) {
  int interrupted = 0;
  for (int i = 0; i < rounds; i++) {
    work();
    if (alarm) {
      // Again and again: the first may come before the call has begun.
      struct itimerval often = {.it_value = {0, 2000}, .it_interval = {0, 20000}};
      setitimer(ITIMER_REAL, &often, NULL);
    } else {
      atomic_store(&round_now, i + 1);
    }
    if (make() < 0 && errno == EINTR) interrupted++;
    atomic_store(&round_now, 0);
    struct itimerval never = {0};
    setitimer(ITIMER_REAL, &never, NULL);
  }
  return interrupted;
}

// Each call without an end in sight, and the program's own signals end it: prints how many were cut short, which is the
// number of rounds, and how many signals did not end their call, which is none.
void killed_calls(int rounds) {
  prepare();
  limit_set(20L * 1000000000);
  caller = pthread_self();
  caller_tid = (int)syscall(SYS_gettid);
  for (size_t i = 0; i < CALLS; i++) {
    pthread_t thread;
    atomic_store(&lost, 0);
    atomic_store(&rounds_done, 0);
    atomic_store(&round_now, 0);
    pthread_create(&thread, NULL, killer, NULL);
    int killed = rounds_of(calls[i].make, rounds, false);
    atomic_store(&rounds_done, 1);
    pthread_join(thread, NULL);
    // The alarm is for the process: nobody else is there to take it.
    int alarmed = rounds_of(calls[i].make, rounds, true);
    printf("%s: %d killed, %d lost, %d alarmed\n", calls[i].name, killed, atomic_load(&lost), alarmed);
  }
  fflush(stdout);
  forget();
}
