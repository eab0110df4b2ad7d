"""The same CPU time in one builtin call and in a Python loop. The clock is asked rarely, so that it costs nothing."""

import random
import sys
import time

seconds = float(sys.argv[1])


def sort_for(values):
    end = time.process_time() + seconds
    while time.process_time() < end:
        sorted(values)  # mark: sorted


def loop_for(values):
    end = time.process_time() + seconds
    total = 0.0
    while time.process_time() < end:
        for value in values:  # mark: for
            total += value * value  # mark: add
    return total


generator = random.Random(1)
numbers = [generator.random() for _ in range(10_000)]
before = time.process_time()
sort_for(numbers)
between = time.process_time()
loop_for(numbers)
print(between - before, time.process_time() - between)
