// lineheat-gpu PID FD: writes to the pipe FD what process PID, which started this one, does with NVIDIA GPUs, as
// messages of native/gpu/gpu_message.h. Ends when nobody reads the pipe any more.
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
// While the process uses no GPU, the pauses grow up to this.
#define PAUSE_MAX_NS (500 * 1000 * 1000ull)
// Asking takes at most one part in this many of a core.
#define COST_PARTS 250
// The memory is sent at least this often, so that a drawing over time has no gaps.
#define SEND_NS (1000 * 1000 * 1000ull)
// After this many looks in a row that did not find the process, although the driver must list the process, the user is
// told.
#define LOST_MAX 6

static struct nvml nvml;
static struct device devices[DEVICES_MAX];
static unsigned int count;
static struct identity identity;
static int to_watcher;
static unsigned int lost;

static uint64_t clock_read(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void send_message(struct gpu_message *message) {
  message->cost = clock_read(CLOCK_PROCESS_CPUTIME_ID);
  // If the pipe is full, its reader is late and misses this message. If the pipe has no reader, this process ends.
  if (write(to_watcher, message, sizeof *message) < 0 && errno != EAGAIN && errno != EINTR) exit(0);
}

static void note(const char *text) {
  struct gpu_message message = {.kind = GPU_NOTE};
  snprintf(message.text, sizeof message.text, "%s", text);
  send_message(&message);
}

// Tells the user why GPU use is not measured, and ends this process.
static void give_up(const char *why) {
  struct gpu_message end = {.kind = GPU_END};
  char text[320];
  snprintf(text, sizeof text, "GPU use is not measured: %s.", why);
  note(text);
  send_message(&end);
  exit(0);
}

static void announce(unsigned int index) {
  struct gpu_message message = {.kind = GPU_DEVICE, .device = index, .bytes = devices[index].total};
  snprintf(message.text, sizeof message.text, "%s", devices[index].name);
  send_message(&message);
  devices[index].is_announced = true;
}

// Asks which processes use the GPUs. True when the measured process is one of them.
static bool find_process(void) {
  unsigned int foreign = 0, all = 0, foreign_pid = 0;
  bool found = false;
  for (unsigned int i = 0; i < count; i++) {
    struct device *device = &devices[i];
    device__look(device, &nvml, &identity);
    all += device->processes;
    foreign += device->foreign;
    if (device->foreign) foreign_pid = device->foreign_pid;
    found |= device->is_used;
  }
  // The driver's pid was concluded from there being one process on the list. That no longer holds once there are more.
  bool doubtful = identity.driver_pid && all != 1;
  if (found && !doubtful) {
    lost = 0;
    return true;
  }
  identity.driver_pid = 0;
  if (!foreign || !identity__has_context(&identity)) return false;
  if (all == 1) {
    identity.driver_pid = foreign_pid;
    return find_process();
  }
  if (++lost == LOST_MAX)
    note(
        "GPU use is not charged: several processes use the GPU, and the NVIDIA driver numbers them as the host does, "
        "so this one cannot be told from the others. A container that shares the host's numbers (docker run "
        "--pid=host) has no such problem.");
  return false;
}

static void device_send(unsigned int index, uint64_t now) {
  struct device *device = &devices[index];
  struct use use = {now, now, GPU_UNKNOWN};
  const char *why = NULL;
  if (!device->is_announced) announce(index);
  bool news = device__ask(device, &nvml, &identity, now, &use, &why);
  if (why) note(why);
  if (!news && device->bytes == device->sent_bytes && now - device->sent_at < SEND_NS) return;
  if (!news) use = (struct use){now, now, GPU_UNKNOWN};
  struct gpu_message message = {
      .kind = GPU_USE, .device = index, .from = use.from, .until = use.until, .busy = use.busy, .bytes = device->bytes};
  device->sent_at = now;
  device->sent_bytes = device->bytes;
  send_message(&message);
}

static void devices_find(void) {
  unsigned int all = 0;
  uint64_t now = clock_read(CLOCK_MONOTONIC);
  nvmlReturn_t code = nvml.count(&all);
  for (unsigned int i = 0; i < all && i < DEVICES_MAX; i++) {
    nvmlDevice_t handle;
    nvmlReturn_t opened = nvml.handle(i, &handle);
    // The process does not use a GPU that cannot be opened, such as one that its container was not given.
    if (opened == NVML_SUCCESS)
      device_open(&devices[count++], &nvml, handle, now);
    else
      code = opened;
  }
  char text[256];
  if (count) return;
  snprintf(text, sizeof text, "the NVIDIA driver's library shows no GPU (%s)",
           code == NVML_SUCCESS ? "there is none" : nvml_error(&nvml, code));
  give_up(text);
}

static int watch(pid_t pid) {
  // What the library prints must not get into the pipe, nor into the first file that the library opens.
  to_watcher = fcntl(to_watcher, F_DUPFD_CLOEXEC, 3);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int file = 0; file < 3; file++) dup2(null, file);
  prctl(PR_SET_NAME, "lineheat-gpu");
  const char *why = nvml_open(&nvml);
  if (why) give_up(why);
  devices_find();
  identity_find(&identity, pid);
  uint64_t pause = PAUSE_NS;
  for (;;) {
    uint64_t cpu = clock_read(CLOCK_PROCESS_CPUTIME_ID);
    bool found = find_process();
    uint64_t now = clock_read(CLOCK_MONOTONIC);
    for (unsigned int i = 0; found && i < count; i++)
      if (devices[i].is_used) device_send(i, now);
    pause = found ? PAUSE_NS : pause + pause / 4;
    if (pause > PAUSE_MAX_NS) pause = PAUSE_MAX_NS;
    uint64_t needed = (clock_read(CLOCK_PROCESS_CPUTIME_ID) - cpu) * COST_PARTS;
    uint64_t rest = needed > pause ? needed : pause;
    // poll returns early when the pipe has lost its reader, because poll always waits for errors too.
    if (poll(&(struct pollfd){.fd = to_watcher}, 1, (int)(rest / 1000000)) != 0) return 0;
  }
}

// Where the program begins. The compiler's own start-up code needs the version of the C library that it was built
// with; without that code the program also starts with older versions. The loader has initialised the C library by now.
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
