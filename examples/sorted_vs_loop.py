"""Two seconds in one builtin call, two seconds in a Python loop: the first is native, the second is not."""

import random
import time


def sort_for(seconds, values):
    end = time.process_time() + seconds
    while time.process_time() < end:
        sorted(values)


def loop_for(seconds, values):
    end = time.process_time() + seconds
    total = 0.0
    while time.process_time() < end:
        for value in values:
            total += value * value
    return total


def main():
    generator = random.Random(1)
    values = [generator.random() for _ in range(200_000)]
    sort_for(2, values)
    loop_for(2, values)


if __name__ == "__main__":
    main()
