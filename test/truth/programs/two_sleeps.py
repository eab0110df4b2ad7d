"""Sleeps on two lines, as long as waiting for a disk and for a network, with a little work between them."""

import time

from truth import region, seconds, wait, write


def burn(rounds):
    total = 0
    for number in range(rounds):  # mark: burn
        total += number & 7  # mark: burn
    return total


# The number of rounds is fixed, because the waiting has to be long, not the work.
for _ in range(int(seconds * 50)):
    with wait("short"):
        time.sleep(0.02)  # mark: short
    with region("burn"):
        burn(150_000)
    with wait("long"):
        time.sleep(0.06)  # mark: long
    with region("burn"):
        burn(150_000)
write()
