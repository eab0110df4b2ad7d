// lineheat-start FILE: becomes the program that FILE describes, as strings that end with a zero byte each: how many
// arguments, the program, its arguments with their own name of it first, and the environment. FILE is deleted. The
// command line tool starts programs this way whose arguments or variables are not UTF-8, which Node cannot pass on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

// As shells end where a program cannot be started, or not be found.
#define CANNOT_START 126
#define NOT_FOUND 127

static int fail(const char *what) {
  int why = errno;
  fprintf(stderr, "lineheat: %s could not be started: %s.\n", what, strerror(why));
  return why == ENOENT ? NOT_FOUND : CANNOT_START;
}

// The whole of an open file with a zero byte behind it; NULL with errno set where that cannot be read.
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
  int why = errno;
  close(file);
  errno = why;
  return text;
}

// What the program is given, until it takes the place of this one.
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
  // Arguments and environment are two lists with a NULL behind each.
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
  // A script without a shebang line is the shell's, as where Node starts it.
  execvp(program, strings);
  return fail(program);
}

// The way in, without the compiler's own start-up code, as in gpu/main.c: so it also starts where an older C library
// is installed than the one it was built with.
__attribute__((used, noreturn)) static void begin(long *stack) {
  char **arguments = (char **)(stack + 1);
  exit(stack[0] == 2 ? become(arguments[1]) : CANNOT_START);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call begin\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  bl begin\n");
#endif
