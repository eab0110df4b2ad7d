"""Work that begins every 20 ms by the clock, or (with "own") when some time has passed. Prints its cost and its first part's."""

import random
import sys
import time


def work(rounds):
    total = 0
    for number in range(rounds):
        total += number & 7
    return total


end = time.monotonic() + 6
due = time.monotonic()
first = 0.0
while due < end:
    began = time.thread_time()
    work(40_000)  # mark: first
    first += time.thread_time() - began
    work(20_000)
    due += 0.02 if sys.argv[1] == "clock" else random.uniform(0.01, 0.03)
    time.sleep(max(0, due - time.monotonic()))
print(first, time.thread_time())
