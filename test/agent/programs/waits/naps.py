"""Sleeps for moments shorter than the watcher looks, and computes in between."""

import time


def compute(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(100))  # mark: compute


slept = lost = 0.0
end = time.monotonic() + 4
while time.monotonic() < end:
    began = time.monotonic()
    time.sleep(0.001)  # mark: nap
    woke, cpu = time.monotonic(), time.thread_time()
    slept += woke - began
    compute(0.0005)  # mark: call
    # Not all of it is work: there was no core, or no machine under it (stolen time, of which no thread is told).
    lost += time.monotonic() - woke - (time.thread_time() - cpu)
print(slept, lost)
