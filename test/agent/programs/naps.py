"""Sleeps for moments shorter than the watcher looks, and computes in between."""

import time


def compute(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(100))  # mark: compute


slept = 0.0
end = time.monotonic() + 4
while time.monotonic() < end:
    began = time.monotonic()
    time.sleep(0.001)  # mark: nap
    slept += time.monotonic() - began
    compute(0.0005)
print(slept)
