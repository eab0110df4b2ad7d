// Starts a program by every function that the C library has for that: argv[1] with the arguments that follow, and the
// name of the way. Its own environment is printed first, as main and `environ` have it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char *arguments[16];
static int last;
static char *few[] = {"MINE=1", "PATH=/usr/bin:/bin", NULL};
static char *none[] = {NULL};
static char command[4096];

static int ended(pid_t pid) {
  int status = -1;
  waitpid(pid, &status, 0);
  return status;
}

// In a child, but for those that make one themselves.
static int start(int way) {
  char **a = arguments;
  pid_t pid;
  switch (way) {
    case 0: return execl(a[0], a[0], a[1], a[2], a[3], NULL);
    case 1: return execle(a[0], a[0], a[1], a[2], a[3], NULL, few);
    case 2: return execlp(a[0], a[0], a[1], a[2], a[3], NULL);
    case 3: return execv(a[0], a);
    case 4: return execve(a[0], a, none);
    case 5: return execve(a[0], a, NULL);
    case 6: return execvp(a[0], a);
    case 7: return execvpe(a[0], a, few);
    case 8: return fexecve(open(a[0], O_RDONLY | O_CLOEXEC), a, few);
    case 9: return clearenv() || execv(a[0], a);
    case 10: return execvp("env", (char *[]){"env", "-i", a[0], a[1], a[2], a[3], NULL});
    case 11: return execvp("sh", (char *[]){"sh", "-c", "unset LD_PRELOAD; \"$0\" \"$@\"; exit $?", a[0], a[1], a[2], a[3], NULL});
    case 12: return (int)syscall(SYS_execve, a[0], a, few);
    case 13: return (int)syscall(SYS_execveat, open(a[0], O_RDONLY | O_CLOEXEC), "", a, none, AT_EMPTY_PATH);
    case 14: return posix_spawn(&pid, a[0], NULL, NULL, a, environ) ? -1 : ended(pid);
    case 15: return posix_spawnp(&pid, a[0], NULL, NULL, a, none) ? -1 : ended(pid);
    case 16: return system(command);
    case 17: {
      FILE *file = popen(command, "re");
      for (int c; (c = fgetc(file)) != EOF;) putchar(c);
      return pclose(file);
    }
    case 18: {
      int (*volatile close_it)(FILE *) = fclose;  // as good as pclose with glibc
      return close_it(popen(command, "w"));
    }
  }
  return -2;
}

int main(int count, char **words, char **given) {
  for (char **at = given; *at; at++) puts(*at);
  printf("%d\n", given == environ);
  for (last = 0; last + 1 < count; last++) arguments[last] = words[last + 1];
  for (int way = 0;; way++) {
    char name[16];
    snprintf(name, sizeof name, "%d", way);
    arguments[last] = name;
    command[0] = 0;
    for (int i = 0; i <= last; i++) strcat(strcat(command, arguments[i]), " ");
    fflush(stdout);
    pid_t child = way < 14 ? fork() : 0;
    if (child > 0) printf("%d: ended with %d\n", way, ended(child));
    if (child > 0) continue;
    int status = start(way);
    if (status == -2) return 0;
    printf("%d: ended with %d\n", way, status);
    if (way < 14) return 1;
  }
}
