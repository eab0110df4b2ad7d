"""Waits, and makes one call, as the first things that it does. Prints how long each took."""

import time

began = time.monotonic()
time.sleep(0.2)  # mark: wait
waited = time.monotonic() - began
began = time.thread_time()
total = sum(range(15_000_000))  # mark: call
print(waited, time.thread_time() - began)
