// lineheat-start FILE: replaces itself by the program that FILE describes, and deletes FILE. FILE is a list of strings,
// each of which ends with a zero byte: the number of arguments, the program's path or name, the arguments from argv[0]
// on, and the environment. The command line tool uses this where arguments or variables are not UTF-8, because Node
// cannot pass those on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

// The exit codes of shells for a program that cannot be started, and for one that does not exist.
#define CANNOT_START 126
#define NOT_FOUND 127

static int fail(const char *what) {
  int error = errno;
  fprintf(stderr, "lineheat: %s could not be started: %s.\n", what, strerror(error));
  return error == ENOENT ? NOT_FOUND : CANNOT_START;
}

// Reads a whole open file and appends a zero byte. Returns NULL and sets errno where the file cannot be read.
static char *text_read(int file, size_t *size) {
  off_t length = lseek(file, 0, SEEK_END);
  if (length < 0 || lseek(file, 0, SEEK_SET) != 0) return NULL;
  char *text = malloc((size_t)length + 1);
  size_t done = 0;
  while (text && done < (size_t)length) {
    ssize_t got = read(file, text + done, (size_t)length - done);
    if (got <= 0) {
      if (got == 0) errno = EIO;
      free(text);
      return NULL;
    }
    done += (size_t)got;
  }
  if (text) text[done] = 0;
  *size = done;
  return text;
}

static char *file_read(const char *path, size_t *size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return NULL;
  char *text = text_read(file, size);
  int error = errno;
  close(file);
  errno = error;
  return text;
}

// The contents of FILE, and pointers to its strings. Never freed: exec replaces the process.
static char *text, **strings;

static int become(const char *path) {
  size_t size = 0, count = 0, arguments = 0, index = 0;
  text = file_read(path, &size);
  if (!text) return fail("the program");
  unlink(path);
  for (size_t i = 0; i < size; i++) count += text[i] == 0;
  strings = calloc(count + 2, sizeof *strings);
  if (!strings) return fail("the program");
  char *at = text;
  while (*at >= '0' && *at <= '9') arguments = arguments * 10 + (size_t)(*at++ - '0');
  // `strings` holds two lists, the arguments and the environment, each with a NULL at its end.
  const char *program = NULL;
  char **next = strings;
  for (at += 1; at < text + size; at += strlen(at) + 1, index++) {
    if (index == 0) {
      program = at;
      continue;
    }
    *next++ = at;
    if (index == arguments) next++;
  }
  if (!program || index < arguments + 1) return errno = EINVAL, fail("the program");
  environ = strings + arguments + 1;
  // execvp gives a script without a #! line to the shell, as Node does.
  execvp(program, strings);
  return fail(program);
}

// Where the program begins, without the compiler's own start-up code for the reason in gpu/main.c: the program also
// starts where the C library is older than the one it was built with.
__attribute__((used, noreturn)) static void begin(long *stack) {
  char **arguments = (char **)(stack + 1);
  exit(stack[0] == 2 ? become(arguments[1]) : CANNOT_START);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call begin\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  bl begin\n");
#endif
