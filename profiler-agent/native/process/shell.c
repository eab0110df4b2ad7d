// `system`, `popen` and their counterparts, run by the program's threads. The C library starts their shells without
// calling our posix_spawn. So that the shells get our variables, too, they are implemented here, as in glibc.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "originals.h"
#include "process/environment.h"

// Starts a shell with our posix_spawn. Returns 0, or an errno.
static int shell_start(pid_t *pid, const char *command, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes) {
  // A command that begins like an option must not be taken for one.
  bool option = command[0] == '-' || command[0] == '+';
  char *separated[] = {"sh", "-c", "--", (char *)command, NULL};
  char *plain[] = {"sh", "-c", (char *)command, NULL};
  return posix_spawn(pid, "/bin/sh", actions, attributes, option ? separated : plain, environ);
}

static void wait_for(pid_t pid, int *status) {
  pid_t ended;
  do ended = waitpid(pid, status, 0);
  while (ended < 0 && errno == EINTR);
  if (ended < 0) *status = -1;
}

// ---- system ----

// While commands run, this process ignores SIGINT and SIGQUIT. The first of several saves the handlers, the last one
// restores them.
static pthread_mutex_t commands_lock = PTHREAD_MUTEX_INITIALIZER;
static int commands;
static struct sigaction interrupt_before, quit_before;

static void signals_ignore(void) {
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  pthread_mutex_lock(&commands_lock);
  if (commands++ == 0) {
    sigaction(SIGINT, &ignore, &interrupt_before);
    sigaction(SIGQUIT, &ignore, &quit_before);
  }
  pthread_mutex_unlock(&commands_lock);
}

static void signals_restore(const sigset_t *mask) {
  pthread_mutex_lock(&commands_lock);
  if (--commands == 0) {
    sigaction(SIGINT, &interrupt_before, NULL);
    sigaction(SIGQUIT, &quit_before, NULL);
  }
  pthread_mutex_unlock(&commands_lock);
  sigprocmask(SIG_SETMASK, mask, NULL);
}

struct command {
  pid_t pid;
  sigset_t mask;
};

// Called when the thread that waits for a command is cancelled.
static void command_cancelled(void *context) {
  struct command *command = context;
  int status;
  kill(command->pid, SIGKILL);
  wait_for(command->pid, &status);
  signals_restore(&command->mask);
}

static int command_run(const char *text) {
  struct command command;
  sigset_t child, defaults;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  signals_ignore();
  sigprocmask(SIG_BLOCK, &child, &command.mask);
  sigemptyset(&defaults);
  if (interrupt_before.sa_handler != SIG_IGN) sigaddset(&defaults, SIGINT);
  if (quit_before.sa_handler != SIG_IGN) sigaddset(&defaults, SIGQUIT);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &command.mask);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  int error = shell_start(&command.pid, text, NULL, &attributes);
  posix_spawnattr_destroy(&attributes);
  // A shell that cannot be started counts as one that did not find the command.
  int status = W_EXITCODE(127, 0);
  if (!error) {
    pthread_cleanup_push(command_cancelled, &command);
    wait_for(command.pid, &status);
    pthread_cleanup_pop(0);
  }
  signals_restore(&command.mask);
  if (error) errno = error;
  return status;
}

EXPORT int system(const char *command) {
  static int (*real)(const char *);
  if (environment_is_passed_on()) return command ? command_run(command) : command_run("exit 0") == 0;
  if (!real) real = original("system");
  return real(command);
}

// ---- popen ----

struct stream {
  struct stream *next;
  FILE *file;
  pid_t pid;
};
static pthread_mutex_t streams_lock = PTHREAD_MUTEX_INITIALIZER;
static struct stream *_Atomic streams;

// Starts a shell whose standard input or output is `end`, one end of a pipe. Returns 0, or an errno.
static int stream_start(struct stream *stream, const char *command, int end, int standard) {
  posix_spawn_file_actions_t actions;
  // When the end already has the number that the shell needs, dup2 onto itself would keep its close-on-exec flag, so it
  // is moved away first.
  int moved = end == standard ? fcntl(end, F_DUPFD_CLOEXEC, 3) : -1;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, moved < 0 ? end : moved, standard);
  pthread_mutex_lock(&streams_lock);
  // The shell must not inherit the streams of other shells.
  for (struct stream *other = streams; other; other = other->next)
    if (fileno(other->file) != standard) posix_spawn_file_actions_addclose(&actions, fileno(other->file));
  int error = shell_start(&stream->pid, command, &actions, NULL);
  if (!error) {
    stream->next = streams;
    streams = stream;
  }
  pthread_mutex_unlock(&streams_lock);
  posix_spawn_file_actions_destroy(&actions);
  if (moved >= 0) close(moved);
  return error;
}

static FILE *stream_open(const char *command, bool reads, bool keeps_on_exec) {
  int ends[2];
  struct stream *stream = malloc(sizeof *stream);
  if (!stream) return NULL;
  if (pipe2(ends, O_CLOEXEC) == 0) {
    int ours = ends[reads ? 0 : 1], theirs = ends[reads ? 1 : 0];
    stream->file = fdopen(ours, reads ? "r" : "w");
    int error = stream->file ? stream_start(stream, command, theirs, reads ? STDOUT_FILENO : STDIN_FILENO) : errno;
    close(theirs);
    if (!error) {
      if (keeps_on_exec) fcntl(ours, F_SETFD, 0);
      return stream->file;
    }
    if (stream->file)
      fclose(stream->file);
    else
      close(ours);
    errno = error;
  }
  free(stream);
  return NULL;
}

EXPORT FILE *popen(const char *command, const char *type) {
  static FILE *(*real)(const char *, const char *);
  bool reads = strchr(type, 'r'), writes = strchr(type, 'w');
  bool valid = reads != writes && type[strspn(type, "rwe")] == 0;
  if (environment_is_passed_on() && valid) return stream_open(command, reads, !strchr(type, 'e'));
  if (!real) real = original("popen");
  return real(command, type);
}

// Takes the stream with this file out of the list. NULL when it is not there.
static struct stream *stream_take(const FILE *file) {
  struct stream *_Atomic *at = &streams, *found = NULL;
  if (LIKELY(!streams)) return NULL;
  pthread_mutex_lock(&streams_lock);
  while (*at && (*at)->file != file) at = (struct stream * _Atomic *)&(*at)->next;
  found = *at;
  if (found) *at = found->next;
  pthread_mutex_unlock(&streams_lock);
  return found;
}

static int (*real_fclose)(FILE *);

static int file_close(FILE *file) {
  if (!real_fclose) real_fclose = original("fclose");
  return real_fclose(file);
}

static int stream_close(struct stream *stream) {
  int status;
  file_close(stream->file);
  wait_for(stream->pid, &status);
  free(stream);
  return status;
}

EXPORT int pclose(FILE *file) {
  static int (*real)(FILE *);
  struct stream *stream = stream_take(file);
  if (stream) return stream_close(stream);
  if (!real) real = original("pclose");
  return real(file);
}

EXPORT int fclose(FILE *file) {
  struct stream *stream = stream_take(file);
  return stream ? stream_close(stream) : file_close(file);
}
