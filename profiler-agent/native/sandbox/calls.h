// System calls that the program makes by number, with the C library's `syscall`.
#pragma once

// Makes a system call for the program. Unlike `syscall`, it does not do what the agent does for such calls.
long calls_make(long number, long a, long b, long c, long d, long e, long f);
