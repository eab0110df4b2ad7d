"""System calls among Python. A large read is the kernel's work but for its call, which an empty one shows the cost of."""

import os

from truth import add, going, region, regions, write

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


while going():
    with region("large"):
        large(50)
    with region("empty"):
        empty(5000)
    with region("python"):
        count(300_000)
# An empty call is the kernel's work too, but for a part that is not known: half of it is at most that much wrong.
call = regions["empty"]["cpu_s"] / 100 / 2
add("large", system_s=regions["large"]["cpu_s"] - call)
write()
