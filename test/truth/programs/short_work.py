"""Works for less than a tick at a time, the same lines first each time, between waits of random length."""

import random
import time

from truth import going, region, write


def work(rounds):
    total = 0
    for number in range(rounds):
        total += number & 7
    return total


while going():
    with region("first"):
        work(36_000)  # mark: first
    with region("second"):
        work(9_000)  # mark: second
    time.sleep(random.uniform(0.001, 0.005))
write()
