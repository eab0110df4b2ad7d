// Two threads that Python knows nothing about: each computes, sleeps and computes again.
#include <pthread.h>
#include <time.h>

static volatile double sink;
static pthread_t threads[2];

static double clock_s(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

__attribute__((noinline)) void spin_natively(double seconds) {
  double end = clock_s(CLOCK_THREAD_CPUTIME_ID) + seconds;
  while (clock_s(CLOCK_THREAD_CPUTIME_ID) < end)
    for (int i = 0; i < 100000; i++) sink += i * 0.5;
}

static void *work(void *unused) {
  spin_natively(0.4);
  nanosleep(&(struct timespec){0, 500 * 1000 * 1000}, NULL);
  spin_natively(0.2);
  return unused;
}

void start_threads(void) {
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, work, NULL);
}

void join_threads(void) {
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
}
