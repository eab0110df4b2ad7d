// lineheat-gpu PID FD: what process PID, which started this one, does with NVIDIA GPUs, as messages of
// native/gpu/gpu_message.h to the pipe FD. Ends when nobody reads them any more.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "gpu/gpu_message.h"
#include "device.h"

#define DEVICES_MAX 64
#define PAUSE_NS (100 * 1000 * 1000ull)
// While the process has no GPU in use, it is looked for less and less often, down to this.
#define PAUSE_MAX_NS (500 * 1000 * 1000ull)
// Asking takes at most one part in so many of a core.
#define COST_PARTS 250
// The memory is told at least this often, for a picture over time.
#define TELL_NS (1000 * 1000 * 1000ull)
// So many looks in a row without finding the process, though it must be there, are no accident.
#define LOST_LOOKS 6

static struct nvml nvml;
static struct device devices[DEVICES_MAX];
static unsigned int count;
static struct identity who;
static int to_watcher;
static unsigned int lost;

static uint64_t clock_read(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void tell(struct gpu_message *message) {
  message->cost = clock_read(CLOCK_PROCESS_CPUTIME_ID);
  // A pipe that is full has a reader that lives and is late: it misses this one. One without a reader ends us.
  if (write(to_watcher, message, sizeof *message) < 0 && errno != EAGAIN && errno != EINTR) exit(0);
}

static void note(const char *text) {
  struct gpu_message message = {.kind = GPU_NOTE};
  snprintf(message.text, sizeof message.text, "%s", text);
  tell(&message);
}

// The last word: there is nothing to measure, and this is why.
static void give_up(const char *why) {
  struct gpu_message end = {.kind = GPU_END};
  char text[320];
  snprintf(text, sizeof text, "GPU use is not measured: %s.", why);
  note(text);
  tell(&end);
  exit(0);
}

static void introduce(unsigned int index) {
  struct gpu_message message = {.kind = GPU_DEVICE, .device = index, .bytes = devices[index].total};
  snprintf(message.text, sizeof message.text, "%s", devices[index].name);
  tell(&message);
  devices[index].introduced = true;
}

// Looks at who uses the devices. Returns true when the process is one of them.
static bool look(void) {
  unsigned int strangers = 0, all = 0, one = 0;
  bool found = false;
  for (unsigned int i = 0; i < count; i++) {
    struct device *it = &devices[i];
    device__look(it, &nvml, &who);
    all += it->processes;
    strangers += it->foreign;
    if (it->foreign) one = it->stranger;
    found |= it->mine;
  }
  // Somebody has joined the one that could be told only because it was alone.
  bool doubtful = who.alias && all != 1;
  if (found && !doubtful) {
    lost = 0;
    return true;
  }
  who.alias = 0;
  if (!strangers || !identity__has_context(&who)) return false;
  if (all == 1) {
    who.alias = one;
    return look();
  }
  if (++lost == LOST_LOOKS)
    note(
        "GPU use is not charged: several processes use the GPU, and the NVIDIA driver numbers them as the host does, "
        "so this one cannot be told from the others. A container that shares the host's numbers (docker run "
        "--pid=host) has no such problem.");
  return false;
}

static void device_tell(unsigned int index, uint64_t now) {
  struct device *it = &devices[index];
  struct use use = {now, now, GPU_UNKNOWN};
  const char *why = NULL;
  if (!it->introduced) introduce(index);
  bool news = device__ask(it, &nvml, &who, now, &use, &why);
  if (why) note(why);
  if (!news && it->bytes == it->said_bytes && now - it->said < TELL_NS) return;
  if (!news) use = (struct use){now, now, GPU_UNKNOWN};
  struct gpu_message message = {
      .kind = GPU_USE, .device = index, .from = use.from, .until = use.until, .busy = use.busy, .bytes = it->bytes};
  it->said = now;
  it->said_bytes = it->bytes;
  tell(&message);
}

static void devices_find(void) {
  unsigned int all = 0;
  uint64_t now = clock_read(CLOCK_MONOTONIC);
  nvmlReturn_t code = nvml.count(&all);
  for (unsigned int i = 0; i < all && i < DEVICES_MAX; i++) {
    nvmlDevice_t handle;
    nvmlReturn_t this = nvml.handle(i, &handle);
    // One that cannot be opened, which a container may not be given, is not one that the process uses.
    if (this == NVML_SUCCESS)
      device_open(&devices[count++], &nvml, handle, now);
    else
      code = this;
  }
  char text[256];
  if (count) return;
  snprintf(text, sizeof text, "the NVIDIA driver's library shows no GPU (%s)",
           code == NVML_SUCCESS ? "there is none" : nvml_error(&nvml, code));
  give_up(text);
}

static int watch(pid_t pid) {
  // What the library might print must not get into the pipe, nor into the first file that it opens.
  to_watcher = fcntl(to_watcher, F_DUPFD_CLOEXEC, 3);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int file = 0; file < 3; file++) dup2(null, file);
  prctl(PR_SET_NAME, "lineheat-gpu");
  const char *why = nvml_open(&nvml);
  if (why) give_up(why);
  devices_find();
  identity_find(&who, pid);
  uint64_t pause = PAUSE_NS;
  for (;;) {
    uint64_t cpu = clock_read(CLOCK_PROCESS_CPUTIME_ID);
    bool found = look();
    uint64_t now = clock_read(CLOCK_MONOTONIC);
    for (unsigned int i = 0; found && i < count; i++)
      if (devices[i].mine) device_tell(i, now);
    pause = found ? PAUSE_NS : pause + pause / 4;
    if (pause > PAUSE_MAX_NS) pause = PAUSE_MAX_NS;
    uint64_t needed = (clock_read(CLOCK_PROCESS_CPUTIME_ID) - cpu) * COST_PARTS;
    uint64_t rest = needed > pause ? needed : pause;
    // A pipe without a reader is an error, which poll waits for unasked.
    if (poll(&(struct pollfd){.fd = to_watcher}, 1, (int)(rest / 1000000)) != 0) return 0;
  }
}

// The way in. Without the compiler's own start-up code, which is bound to the C library it was built with, this program
// also starts where an older one is installed; the loader has made the C library ready before.
__attribute__((used, noreturn)) static void begin(long *stack) {
  char **arguments = (char **)(stack + 1);
  int status = 2;
  if (stack[0] == 3) {
    to_watcher = atoi(arguments[2]);
    status = watch((pid_t)atoi(arguments[1]));
  }
  exit(status);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call begin\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  bl begin\n");
#endif
