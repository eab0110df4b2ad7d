"""Works, and lets a forked child work. Needs no module that is not built in."""

import posix
import sys
import time


def work(seconds):
    start = time.thread_time()
    while time.thread_time() < start + seconds:
        sum(range(20_000))  # mark: work
    return time.thread_time() - start


print(work(0.5), flush=True)
child = posix.fork()
if child == 0:
    print(work(0.3), flush=True)
    posix._exit(6)
assert posix.waitpid(child, 0)[1] >> 8 == 6
sys.exit(5)
