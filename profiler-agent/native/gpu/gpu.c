#include "gpu/gpu.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gpu/gpu_message.h"
#include "record/gpu_records.h"
#include "record/records.h"
#include "unwind/modules.h"

// How often messages are read. The helper sends some ten times a second.
#define LISTEN_NS (20 * 1000 * 1000ull)
#define STACK_SIZE (32 * 1024)

static char library_path[4096] = "LD_LIBRARY_PATH=";
static bool path_known;

static bool possible;                       // the watcher has a descriptor table of its own
static bool helper_wanted, helper_started;  // code of the driver was seen; the helper was started
static bool helper_says_end;                // the helper has said that it ends
static int from_helper = -1;
static uint64_t next_look;

void gpu_prepare(void) {
  const char *path = getenv("LD_LIBRARY_PATH");
  size_t name = strlen(library_path);
  path_known = path && strlen(path) < sizeof library_path - name;
  if (path_known) strcpy(library_path + name, path);
}

void gpu_begin(bool own_files) {
  possible = own_files;
}

void gpu_code_met(const char *path) {
  const char *name = strrchr(path, '/');
  if (name && strncmp(name, "/libcuda.so", 11) == 0) helper_wanted = true;
}

void gpu_after_fork(void) {
  // The watcher's descriptors, such as the pipe, do not exist in the child.
  helper_wanted = helper_started = false;
  from_helper = -1;
}

// ---- Starting the helper ----

// What the two new processes get. They share our memory, and the watcher is suspended, until one of them has become the
// helper. They may change nothing but `result`.
struct start {
  const char *program, *loader;
  char *const *arguments;
  char *const *environment;
  char *stack;
  int result;  // 0, or an errno
};

static int become_helper(void *argument) {
  struct start *start = argument;
  syscall(SYS_execve, start->program, start->arguments + 1, start->environment);
  // Packages and file systems may lose the permission to execute a file. The loader only needs to read it.
  if (start->loader) syscall(SYS_execve, start->loader, start->arguments, start->environment);
  start->result = errno;
  syscall(SYS_exit_group, 1);
  return 0;
}

// Runs in an intermediate process, which starts the helper and ends at once. So the helper becomes a child of the
// system's first process, and a program that waits for any of its children does not get it. Nor does it get the
// intermediate process, which has no exit signal. The helper cannot be hidden in that way: exec gives every process the
// exit signal of an ordinary child.
static int start_helper(void *argument) {
  struct start *start = argument;
  if (clone(become_helper, start->stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, start) < 0)
    start->result = errno;
  syscall(SYS_exit_group, 0);
  return 0;
}

// Finds the helper, which is beside the agent. *loader: the loader of such programs, NULL when it is not known. False
// when the agent's own path is not known.
static bool helper_find(char *path, size_t size, const char **loader) {
  const struct module_map *map = modules_current();
  bool found = false;
  *loader = NULL;
  for (uint32_t i = 0; map && i < map->modules; i++) {
    const char *file = module_at(i)->path, *name = strrchr(file, '/');
    if (!name) continue;
    if (strncmp(name, "/ld-linux", 9) == 0 || strncmp(name, "/ld-2", 5) == 0) *loader = file;
    if (module_at(i)->kind != MODULE_AGENT) continue;
    int length = snprintf(path, size, "%.*s/lineheat-gpu", (int)(name - file), file);
    found = length > 0 && (size_t)length < size;
  }
  return found;
}

// True when orphans become children of this process: the first one of a container, or one that has asked for that.
static bool adopts_orphans(void) {
  int asked = 0;
  return getpid() == 1 || (prctl(PR_GET_CHILD_SUBREAPER, &asked) == 0 && asked);
}

static void helper_start(void) {
  static char path[600];
  const char *loader;
  char pid[16], pipe_number[16];
  int ends[2];
  helper_started = true;
  helper_says_end = false;
  if (adopts_orphans()) {
    record_note(SEVERITY_INFORMATION,
                "GPU use is not measured in a process that adopts orphans, as the first process of a container does. "
                "Start the container with docker run --init, or the program from a shell.");
    return;
  }
  if (!helper_find(path, sizeof path, &loader) || access(path, R_OK) != 0) {
    record_note(SEVERITY_INFORMATION,
                "GPU use is not measured: lineheat-gpu is missing beside the agent. Install Lineheat again.");
    return;
  }
  if (pipe2(ends, O_NONBLOCK) != 0) return;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  snprintf(pid, sizeof pid, "%d", getpid());
  snprintf(pipe_number, sizeof pipe_number, "%d", ends[1]);
  char *arguments[] = {(char *)loader, path, pid, pipe_number, NULL};
  char *environment[] = {path_known ? library_path : NULL, NULL};
  char *stacks = pages_alloc(2 * STACK_SIZE);
  struct start start = {path, loader, arguments, environment, stacks, 0};
  pid_t between = stacks ? clone(start_helper, stacks + 2 * STACK_SIZE, CLONE_VM | CLONE_VFORK, &start) : -1;
  if (between < 0) start.result = errno;
  if (between > 0) wait4(between, NULL, __WALL, NULL);
  pages_free(stacks, 2 * STACK_SIZE);
  close(ends[1]);
  if (start.result == 0) {
    from_helper = ends[0];
    return;
  }
  char text[160];
  close(ends[0]);
  snprintf(text, sizeof text, "GPU use is not measured: lineheat-gpu, beside the agent, cannot be started (error %d).",
           start.result);
  record_note(SEVERITY_INFORMATION, text);
}

// ---- Messages of the helper ----

static void message_record(struct gpu_message *message) {
  message->text[sizeof message->text - 1] = 0;
  if (message->kind == GPU_DEVICE)
    record_gpu_device(message->device, message->bytes, message->text);
  else if (message->kind == GPU_USE)
    record_gpu_use(message->device, message->from, message->until, message->busy, message->bytes, message->cost);
  else if (message->kind == GPU_NOTE)
    record_note(SEVERITY_INFORMATION, message->text);
  else if (message->kind == GPU_END)
    helper_says_end = true;
}

// Records all messages that are there. False when no more will come.
static bool listen(void) {
  struct gpu_message message;
  for (;;) {
    ssize_t length = read(from_helper, &message, sizeof message);
    if (length < 0) return errno == EAGAIN || errno == EINTR;
    if (length != sizeof message) return false;
    message_record(&message);
  }
}

void gpu_look(uint64_t now) {
  if (!helper_wanted || !possible || now < next_look) return;
  next_look = now + LISTEN_NS;
  if (!helper_started) helper_start();
  if (from_helper < 0 || listen()) return;
  close(from_helper);
  from_helper = -1;
  if (!helper_says_end)
    record_note(SEVERITY_WARNING,
                "GPU use is missing from some moment on: the helper that asks the NVIDIA driver was ended.");
}

void gpu_finish(void) {
  if (from_helper >= 0) {
    listen();
    // The helper ends when nobody reads its messages.
    close(from_helper);
  }
  from_helper = -1;
  helper_started = false;
}
