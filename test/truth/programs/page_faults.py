"""Memory touched for the first time and touched again: the kernel's part of a line that makes no system call.

A line writes one byte of each page. The kernel's ticks say how much of a page fault is system time: entering and
leaving the kernel, and its effect on the caches, is not.
"""

import mmap

from truth import again, region, write

size = 16 << 20
memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(15)  # MADV_NOHUGEPAGE: a fault for every page
ones = b"1" * (size // mmap.PAGESIZE)


def count(rounds):
    total = 0
    for number in range(rounds):  # mark: python
        total += number & 7  # mark: python
    return total


while again():
    with region("fresh"):
        memory[:: mmap.PAGESIZE] = ones  # mark: fresh
        memory[:: mmap.PAGESIZE] = ones  # mark: fresh
    with region("again"):
        for _ in range(100):  # mark: again
            memory[:: mmap.PAGESIZE] = ones  # mark: again
    with region("python"):
        count(150_000)
    with region("give back"):
        memory.madvise(mmap.MADV_DONTNEED)  # mark: give back
write()
