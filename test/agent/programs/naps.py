"""Sleeps for moments shorter than the watcher looks, and computes in between."""

import time


def compute(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(100))  # mark: compute


slept = 0.0
start = time.monotonic()
cpu = time.thread_time()
while time.monotonic() < start + 4:
    began = time.monotonic()
    time.sleep(0.001)  # mark: nap
    slept += time.monotonic() - began
    compute(0.0005)
whole = time.monotonic() - start
# Neither asleep nor at work: it had no core, or its core had no machine (stolen time, which no thread is told of).
print(slept, whole - slept - (time.thread_time() - cpu))
