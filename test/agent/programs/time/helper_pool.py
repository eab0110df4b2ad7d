"""Calls into two libraries with pools of threads (helper_pool.c), and says what their threads used meanwhile."""

import ctypes
import sys
import threading
import time

first, second = (ctypes.CDLL(path) for path in sys.argv[1:3])
for library in first, second:
    library.pool_start()
    library.pool_run.argtypes = [ctypes.c_double] * 3

used = {}


def measured(name, call, *arguments):
    process, thread = time.process_time(), time.thread_time()
    call(*arguments)
    own = time.thread_time() - thread
    used[name] = used.get(name, 0) + time.process_time() - process - own


def loop(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def waits():
    first.pool_run(0.02, 0, 0)  # mark: waits


def works():
    first.pool_run(0.02, 0.02, 0)  # mark: works


def spins():
    first.pool_run(0.02, 0, 0.02)  # mark: spins


# Alternately, so that what makes the machine slower for a while meets all of them. Between two calls into the library it
# is not always known where one ended, so there are none next to each other.
for _ in range(12):
    measured("waits", waits)
    loop(0.02)
    measured("works", works)
    loop(0.02)
    measured("spins", spins)
    measured("python", loop, 0.05)  # mark: python

# Two threads that wait for two libraries at the same time, a third that waits for neither.
stop = threading.Event()


def third():
    stop.wait()  # mark: third


def calls_first():
    for _ in range(10):
        first.pool_run(0.03, 0, 0)  # mark: first


def calls_second():
    for _ in range(10):
        second.pool_run(0.01, 0, 0)  # mark: second


threads = [threading.Thread(target=target) for target in (third, calls_first, calls_second)]
for thread in threads:
    thread.start()
for thread in threads[1:]:
    thread.join()
stop.set()
for library in first, second:
    library.pool_stop()
for name, seconds in used.items():
    print(name, seconds)
