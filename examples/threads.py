"""Four threads idle in a queue, two compute and fight for the interpreter lock, one releases it.

In "cpu" the idle ones cost nothing. In "wait" the two that compute show how long they waited for each other.
"""

import hashlib
import queue
import threading
import time

SECONDS = 4


def idle(jobs):
    while jobs.get() is not None:  # waiting: no processor time
        pass


def compute(end):
    total = 0
    while time.perf_counter() < end:
        for number in range(10_000):
            total += number * number
    return total


def digest(end):
    block = bytes(4_000_000)
    while time.perf_counter() < end:
        hashlib.sha256(block).hexdigest()  # native, and the lock is free meanwhile


def main():
    jobs = queue.Queue()
    end = time.perf_counter() + SECONDS
    idlers = [threading.Thread(target=idle, args=(jobs,), name=f"idle-{n}") for n in range(4)]
    workers = [
        threading.Thread(target=compute, args=(end,), name="compute-1"),
        threading.Thread(target=compute, args=(end,), name="compute-2"),
        threading.Thread(target=digest, args=(end,), name="digest"),
    ]
    for thread in idlers + workers:
        thread.start()
    for thread in workers:
        thread.join()
    for _ in idlers:
        jobs.put(None)
    for thread in idlers:
        thread.join()


if __name__ == "__main__":
    main()
