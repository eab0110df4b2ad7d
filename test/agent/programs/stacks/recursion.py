"""A function that calls itself a hundred times over, every second time through a C function, and works at the bottom."""

import sys
import time

LEVELS = 100


def burn():
    end = time.process_time() + float(sys.argv[1])
    total = 0
    while time.process_time() < end:
        for i in range(1000):
            total += i
    return total


def direct(n):
    if n == 0:
        return burn()
    return through_c(n - 1)


def through_c(n):
    return max(map(direct, [n]))


direct(LEVELS)
