"""One line that is all native: nearly 100 % of it is numpy's multiplication. Needs numpy."""

import time

import numpy as np


def multiply(a, b, seconds):
    end = time.perf_counter() + seconds
    rounds = 0
    while time.perf_counter() < end:
        c = a * b
        rounds += 1
    return c, rounds


def main():
    a = np.random.rand(2_000_000)
    b = np.random.rand(2_000_000)
    _, rounds = multiply(a, b, seconds=4)
    print(f"{rounds} multiplications of {a.nbytes / 1e6:.0f} MB arrays")


if __name__ == "__main__":
    main()
