"""Sets a limit for itself, then computes: limited.py NAME VALUE. Says how its child and its thread ended."""

import os
import resource
import sys
import threading
import time

name, value = sys.argv[1], int(sys.argv[2])


def work():
    start = time.thread_time()
    total = 0
    while time.thread_time() - start < 0.3:
        total += sum(range(1000))  # mark: work


if name == "AS":
    # As much as there is, and a little.
    with open("/proc/self/statm") as file:
        value += int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
limit = getattr(resource, "RLIMIT_" + name)
resource.setrlimit(limit, (value, resource.getrlimit(limit)[1]))
print("limit", resource.getrlimit(limit)[0] == value)
work()
child = os.fork()
if child == 0:
    work()
    os._exit(3)
print("child", os.waitpid(child, 0)[1] >> 8)
try:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    print("thread")
except RuntimeError as error:
    print(error)
