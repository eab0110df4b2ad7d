// System calls of the program by their number, as the C library's `syscall` makes them.
#pragma once

// Makes the call, whatever the agent does when the program makes it.
long calls_make(long number, long a, long b, long c, long d, long e, long f);
