"""Closes itself into a sandbox (seccomp) and computes there: sandboxed.py HOW. Says what it did; exits with 5."""

import ctypes
import os
import platform
import struct
import sys
import threading

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
KILL, ERRNO, ALLOW = 0x80000000, 0x00050001, 0x7FFF0000
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
TSYNC = 1
X86 = platform.machine() == "x86_64"
SYS_seccomp = 317 if X86 else 277
SYS_exit = 60 if X86 else 93
# read, write, mmap, mprotect, munmap, brk, rt_sigreturn, madvise, exit, futex, exit_group
NEEDED = (
    [0, 1, 9, 10, 11, 12, 15, 28, 60, 202, 231]
    if X86
    else [63, 64, 222, 226, 215, 214, 139, 233, 93, 98, 94]
)
RETURN = 15 if X86 else 139
MASK = 14 if X86 else 135
MREMAP = 25 if X86 else 216
CLOCKS = [228, 186, 14, 222, 223, 226] if X86 else [113, 178, 135, 107, 110, 111]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


def statement(code, when_true, when_false, value):
    return struct.pack("HBBI", code, when_true, when_false, value)


def allow_list(allowed, otherwise):
    code = statement(0x20, 0, 0, 0)
    code += b"".join(
        statement(0x15, len(allowed) - at, 0, number) for at, number in enumerate(allowed)
    )
    return code + statement(6, 0, 0, otherwise) + statement(6, 0, 0, ALLOW)


def deny_list(denied, action):
    code = statement(0x20, 0, 0, 0)
    code += b"".join(
        statement(0x15, len(denied) - at, 0, number) for at, number in enumerate(denied)
    )
    return code + statement(6, 0, 0, ALLOW) + statement(6, 0, 0, action)


def close(code, by_prctl=True, flags=0):
    memory = ctypes.create_string_buffer(code)
    program = Program(len(code) // 8, ctypes.addressof(memory))
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if by_prctl:
        result = libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0)
    else:
        result = libc.syscall(SYS_seccomp, 1, flags, ctypes.byref(program))
    os.write(1, b"closed %d\n" % result)


def work():
    return sum(len(str(number)) for number in range(1_500_000))  # mark: work


how = sys.argv[1]
if how == "kill":
    close(allow_list(NEEDED + [MREMAP], KILL))
elif how == "call":
    close(allow_list(NEEDED + [MREMAP], KILL), by_prctl=False)
elif how == "errno":
    close(allow_list(NEEDED + [MREMAP], ERRNO))
elif how == "tsync":
    close(allow_list(NEEDED + [MREMAP], KILL), by_prctl=False, flags=TSYNC)
elif how == "clocks":
    # What the handler reads, and nothing else.
    close(deny_list(CLOCKS, KILL))
elif how == "noreturn":
    close(allow_list([number for number in NEEDED + [MREMAP] if number != RETURN], KILL))
elif how == "refused":
    # A filter that does not end is refused: everything goes on as before.
    close(statement(0x20, 0, 0, 0))
elif how == "strict":
    os.write(1, b"closed %d\n" % libc.prctl(PR_SET_SECCOMP, 1, 0, 0, 0))
    total = 0
    for number in range(5_000_000):
        total += number % 7  # mark: strict
    os.write(1, b"fine %d\n" % total)
    libc.syscall(SYS_exit, 5)
elif how == "thread":

    def inside():
        close(allow_list(NEEDED + [MREMAP], KILL))
        os.write(1, b"fine %d\n" % work())
        os._exit(5)

    threading.Thread(target=inside).start()
    work()
elif how == "threads":
    # All threads at once, while others compute.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    # Not the call that every thread ends with.
    close(
        deny_list([number for number in CLOCKS if number != MASK], KILL),
        by_prctl=False,
        flags=TSYNC,
    )
os.write(1, b"fine %d\n" % work())
os._exit(5)
