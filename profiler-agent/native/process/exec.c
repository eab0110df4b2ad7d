// The functions that start other programs, run by the program's threads. Each adds our variables to the environment of
// the new program. Before an exec, lifecycle_before_exec makes sure that no signal of ours is pending, because the new
// program has no handler for it.
#define _GNU_SOURCE
#include "process/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lifecycle.h"
#include "originals.h"
#include "process/environment.h"
#include "process/target.h"
#include "sandbox/calls.h"

typedef int spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                           char *const[], char *const[]);

// The next functions in the search order: the C library's, or those of another preloaded library.
static int (*real_execve)(const char *, char *const[], char *const[]);
static int (*real_execvpe)(const char *, char *const[], char *const[]);
static int (*real_fexecve)(int, char *const[], char *const[]);
static int (*real_execveat)(int, const char *, char *const[], char *const[], int);
static spawn_function *real_posix_spawn, *real_posix_spawnp, *real_pidfd_spawn, *real_pidfd_spawnp;

void exec_prepare(void) {
  real_execvpe = original("execvpe");
  real_fexecve = original("fexecve");
  real_execveat = original("execveat");
  real_posix_spawn = original("posix_spawn");
  real_posix_spawnp = original("posix_spawnp");
  real_pidfd_spawn = original("pidfd_spawn");
  real_pidfd_spawnp = original("pidfd_spawnp");
  real_execve = original("execve");
}

static void be_prepared(void) {
  originals_prepare(real_execve, exec_prepare);
}

// ---- exec* ----

struct exec {
  enum { EXEC_PATH, EXEC_NAME, EXEC_FILE, EXEC_AT } way;
  struct target target;
  char *const *arguments;
  int flags;
};

static int exec_now(char *const given[], void *context) {
  const struct exec *exec = context;
  const struct target *target = &exec->target;
  bool prepared = lifecycle_before_exec();
  int result = -1;
  switch (exec->way) {
    case EXEC_PATH: result = real_execve(target->path, exec->arguments, given); break;
    case EXEC_NAME: result = real_execvpe(target->path, exec->arguments, given); break;
    case EXEC_FILE: result = real_fexecve(target->file, exec->arguments, given); break;
    case EXEC_AT:
      result = real_execveat ? real_execveat(target->file, target->path, exec->arguments, given, exec->flags)
                             : (int)calls_make(SYS_execveat, target->file, (long)target->path, (long)exec->arguments,
                                               (long)given, exec->flags, 0);
  }
  int error = errno;
  if (prepared) lifecycle_exec_failed();
  errno = error;
  return result;
}

static int exec_path(const char *path, char *const arguments[], char *const wanted[]) {
  be_prepared();
  struct exec exec = {EXEC_PATH, {AT_FDCWD, path, false}, arguments, 0};
  return environment_pass_on(exec.target, wanted, exec_now, &exec);
}

static int exec_name(const char *name, char *const arguments[], char *const wanted[]) {
  be_prepared();
  struct exec exec = {EXEC_NAME, {AT_FDCWD, name, true}, arguments, 0};
  return environment_pass_on(exec.target, wanted, exec_now, &exec);
}

EXPORT int execve(const char *path, char *const arguments[], char *const wanted[]) {
  return exec_path(path, arguments, wanted);
}

EXPORT int execv(const char *path, char *const arguments[]) {
  return exec_path(path, arguments, environ);
}

EXPORT int execvp(const char *name, char *const arguments[]) {
  return exec_name(name, arguments, environ);
}

EXPORT int execvpe(const char *name, char *const arguments[], char *const wanted[]) {
  return exec_name(name, arguments, wanted);
}

EXPORT int fexecve(int file, char *const arguments[], char *const wanted[]) {
  be_prepared();
  struct exec exec = {EXEC_FILE, {file, NULL, false}, arguments, 0};
  return environment_pass_on(exec.target, wanted, exec_now, &exec);
}

EXPORT int execveat(int folder, const char *path, char *const arguments[], char *const wanted[], int flags) {
  be_prepared();
  struct exec exec = {EXEC_AT, {folder, path, false}, arguments, flags};
  return environment_pass_on(exec.target, wanted, exec_now, &exec);
}

// Counts the arguments up to the NULL behind the last one.
static size_t count(const char *first, va_list more) {
  size_t found = first != NULL;
  while (first && va_arg(more, char *)) found++;
  return found;
}

// Calls `run` with the arguments of execl and similar functions as an array, and the environment if it follows them.
static int exec_list(int (*run)(const char *, char *const[], char *const[]), const char *program, const char *first,
                     va_list more, bool environment_follows) {
  va_list again;
  va_copy(again, more);
  size_t arguments = count(first, again);
  va_end(again);
  char *list[arguments + 1];
  list[0] = (char *)first;
  for (size_t i = 1; i <= arguments; i++) list[i] = va_arg(more, char *);
  return run(program, list, environment_follows ? va_arg(more, char **) : environ);
}

#define EXEC_LIST(name, run, environment_follows)                           \
  EXPORT int name(const char *program, const char *first, ...) {            \
    va_list more;                                                           \
    va_start(more, first);                                                  \
    int result = exec_list(run, program, first, more, environment_follows); \
    va_end(more);                                                           \
    return result;                                                          \
  }

EXEC_LIST(execl, exec_path, false)
EXEC_LIST(execle, exec_path, true)
EXEC_LIST(execlp, exec_name, false)

// ---- posix_spawn* ----

struct spawn {
  spawn_function *real;
  pid_t *pid;
  const char *program;
  const posix_spawn_file_actions_t *actions;
  const posix_spawnattr_t *attributes;
  char *const *arguments;
};

static int spawn_now(char *const given[], void *context) {
  const struct spawn *spawn = context;
  return spawn->real(spawn->pid, spawn->program, spawn->actions, spawn->attributes, spawn->arguments, given);
}

#define SPAWN(name, search)                                                                             \
  EXPORT int name(pid_t *pid, const char *program, const posix_spawn_file_actions_t *actions,           \
                  const posix_spawnattr_t *attributes, char *const arguments[], char *const wanted[]) { \
    be_prepared();                                                                                      \
    if (!real_##name) return ENOSYS;                                                                    \
    struct spawn spawn = {real_##name, pid, program, actions, attributes, arguments};                   \
    return environment_pass_on((struct target){AT_FDCWD, program, search}, wanted, spawn_now, &spawn);  \
  }

SPAWN(posix_spawn, false)
SPAWN(posix_spawnp, true)
SPAWN(pidfd_spawn, false)
SPAWN(pidfd_spawnp, true)
