// Binds functions to their oldest version, so that an agent built on a new system also loads on an old one: glibc 2.34
// gave new versions, with unchanged code, to all functions that it moved from libpthread and libdl to libc. The
// Makefile includes this file everywhere.
#pragma once

#define GLIBC_SYMBOL(name, version) __asm__(".symver " #name "," #name "@GLIBC_" version)
#if defined(__x86_64__)
#define GLIBC_FIRST(name, x86_64) GLIBC_SYMBOL(name, x86_64)
#elif defined(__aarch64__)
#define GLIBC_FIRST(name, x86_64) GLIBC_SYMBOL(name, "2.17")
#endif

GLIBC_FIRST(dladdr, "2.2.5");
GLIBC_FIRST(dladdr1, "2.3.3");
GLIBC_FIRST(dlerror, "2.2.5");
GLIBC_FIRST(dlopen, "2.2.5");
GLIBC_FIRST(dlsym, "2.2.5");
GLIBC_FIRST(dlvsym, "2.2.5");
GLIBC_FIRST(pthread_attr_getstack, "2.2.5");
GLIBC_FIRST(pthread_attr_setstacksize, "2.2.5");
GLIBC_FIRST(pthread_getattr_np, "2.2.5");
GLIBC_FIRST(pthread_getcpuclockid, "2.2.5");
GLIBC_FIRST(pthread_join, "2.2.5");
GLIBC_FIRST(__pthread_register_cancel, "2.3.3");
GLIBC_FIRST(__pthread_unregister_cancel, "2.3.3");
GLIBC_FIRST(__pthread_unwind_next, "2.3.3");

// Copies made by the agent itself, including those that compilers emit for assignments, must not count as the
// program's: they do not go through its hooks (hooks_copy.c).
#ifndef __PIE__
void *memcpy(void *restrict to, const void *restrict from, __SIZE_TYPE__ size) __asm__("agent_memcpy");
void *memmove(void *to, const void *from, __SIZE_TYPE__ size) __asm__("agent_memmove");
#endif
