"""Code compiled at run time, in parallel, called back, and an error raised out of it."""

import sys

import numba
import numpy as np


@numba.njit(parallel=True)
def total(values):
    found = 0.0
    for i in numba.prange(values.size):
        found += np.sin(values[i]) ** 2 + np.cos(values[i]) ** 2
    return found


@numba.njit
def collatz(limit):
    longest = 0
    for start in range(1, limit):
        n, steps = start, 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        longest = max(longest, steps)
    return longest


@numba.njit
def fail(n):
    raise ValueError("on purpose")


rounds = int(sys.argv[1])
values = np.linspace(0, 100, 2_000_000)
for _ in range(25 * rounds):
    found = total(values)
print(round(found))
print(collatz(200_000 * rounds))
try:
    fail(1)
except ValueError as error:
    print(error)
