"""As root: drops its rights or its root folder, as servers do, then works, waits, and forks a worker that forks another."""

import json
import os
import sys
import tempfile
import time

how = sys.argv[1]
if how == "chroot":
    os.chroot(tempfile.mkdtemp())
    os.chdir("/")
else:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def work(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        [bytes(600) for _ in range(20)]  # mark: work
    return time.thread_time()


def worker(generation):
    child = os.fork()
    if child == 0:
        used = work(0.5)
        if generation == 1:
            worker(2)
        print(json.dumps([generation, used]), flush=True)
        os._exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if sys.version_info >= (3, 9) else 3


used = work(0.6)
time.sleep(0.7)  # mark: wait
assert worker(1) == 3
assert os.system("exit 4") >> 8 == (4 if how == "setuid" else 127)
print(json.dumps([0, used]))
