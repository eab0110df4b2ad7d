"""Calls that the kernel only grants to a process with one thread, as launchers of sandboxes make them (as root)."""

import ctypes
import errno
import os
import time

CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID = 0x10000000, 0x20000, 0x20000000
libc = ctypes.CDLL(None, use_errno=True)


def say(name, result):
    print(name, result, errno.errorcode.get(ctypes.get_errno()) if result < 0 else "", flush=True)


def work(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(1000))  # mark: work


child = os.fork()
if child == 0:
    say("child: a user and a process namespace", libc.unshare(CLONE_NEWUSER | CLONE_NEWPID))
    work(0.1)
    os._exit(0)
os.waitpid(child, 0)
say("nonsense", libc.unshare(1))
say("mount namespace", libc.setns(os.open("/proc/self/ns/mnt", os.O_RDONLY), CLONE_NEWNS))
work(0.2)
say("user namespace", libc.unshare(CLONE_NEWUSER))
work(0.2)
say("and again", libc.syscall(272 if os.uname().machine == "x86_64" else 97, CLONE_NEWUSER))
