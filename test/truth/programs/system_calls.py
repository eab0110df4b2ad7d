"""System calls beside Python: large ones, which are mostly work in the kernel, and empty ones, which are mostly entering it."""

import os

from truth import again, region, write

zeros = os.open("/dev/zero", os.O_RDONLY)
block = [bytearray(4 << 20)]
nothing = [bytearray(0)]


def large(rounds):
    for _ in range(rounds):  # mark: large
        os.readv(zeros, block)  # mark: large


def empty(rounds):
    for _ in range(rounds):  # mark: empty
        os.readv(zeros, nothing)  # mark: empty


def count(rounds):
    total = 0
    for number in range(rounds):  # mark: python
        total += number & 7  # mark: python
    return total


while again():
    with region("large"):
        large(50)
    with region("empty"):
        empty(5000)
    with region("python"):
        count(300_000)
write()
