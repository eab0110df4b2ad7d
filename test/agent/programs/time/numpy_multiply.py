"""A numpy multiplication with cheap lines around it."""

import time

import numpy as np

a = np.random.rand(1_000_000)
b = np.random.rand(1_000_000)


def multiply():
    end = time.process_time() + 1.5
    rounds = 0
    while time.process_time() < end:
        rounds += 1
        c = a * b  # mark: multiply
        last = rounds
    return c, last


before = time.process_time()
multiply()
print(time.process_time() - before)
