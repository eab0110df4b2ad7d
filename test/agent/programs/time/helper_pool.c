// A library with a pool of two threads, as numeric libraries have them. Compiled twice, it is two libraries.
#include <pthread.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static pthread_t threads[2];
static double work, idle;
static int jobs, left, round_number;

// Some CPU time of the calling thread, seconds.
__attribute__((noinline)) static void burn(double seconds) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  double end = (double)now.tv_sec + (double)now.tv_nsec / 1e9 + seconds;
  do clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  while ((double)now.tv_sec + (double)now.tv_nsec / 1e9 < end);
}

static void *pool(void *unused) {
  (void)unused;
  int seen = 0;
  pthread_mutex_lock(&mutex);
  for (;;) {
    while (round_number == seen) pthread_cond_wait(&wanted, &mutex);
    seen = round_number;
    if (jobs == 0) break;
    double mine = work, after = idle;
    pthread_mutex_unlock(&mutex);
    burn(mine);
    pthread_mutex_lock(&mutex);
    if (--left == 0) pthread_cond_broadcast(&done);
    pthread_mutex_unlock(&mutex);
    // Pools look for more work for a while before they sleep.
    burn(after);
    pthread_mutex_lock(&mutex);
  }
  pthread_mutex_unlock(&mutex);
  return 0;
}

static void give(int count) {
  pthread_mutex_lock(&mutex);
  jobs = left = count;
  round_number++;
  pthread_cond_broadcast(&wanted);
  pthread_mutex_unlock(&mutex);
}

static void join(void) {
  pthread_mutex_lock(&mutex);
  while (left > 0) pthread_cond_wait(&done, &mutex);
  pthread_mutex_unlock(&mutex);
}

void pool_start(void) {
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], 0, pool, 0);
}

void pool_stop(void) {
  give(0);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], 0);
}

// Both threads work for so long, and the caller `own` seconds as well. Then they spin for a while.
void pool_run(double seconds, double own, double spin) {
  work = seconds;
  idle = spin;
  give(2);
  burn(own);
  join();
}
