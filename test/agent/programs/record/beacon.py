"""Works for ever, and says every few milliseconds what time it is."""

import time


def work():
    total = 0
    while True:
        for i in range(20_000):
            total += i
        print(time.monotonic_ns(), flush=True)


work()
