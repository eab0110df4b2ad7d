"""Four threads that wait in queue.get() while the main thread works."""

import queue
import threading
import time

jobs = queue.Queue()


def worker():
    while True:
        job = jobs.get()  # mark: get
        if job is None:
            return


def work():
    total = 0
    end = time.process_time() + 1.5
    while time.process_time() < end:
        for i in range(1000):
            total += i
    return total


threads = [threading.Thread(target=worker) for _ in range(4)]
for thread in threads:
    thread.start()
began = time.monotonic()
work()
print(time.monotonic() - began)
for _ in threads:
    jobs.put(None)
for thread in threads:
    thread.join()
