"""A compiled function of the interpreter, sorted(), and a loop in Python."""

import random

from truth import again, region, write

generator = random.Random(1)
numbers = [generator.random() for _ in range(10_000)]


def add(values):
    total = 0.0
    for value in values:  # mark: loop
        total += value * value  # mark: loop
    return total


while again():
    with region("sorted"):
        for _ in range(5):  # mark: sorted
            sorted(numbers)  # mark: sorted
    with region("loop"):
        for _ in range(20):  # mark: loop
            add(numbers)
write()
