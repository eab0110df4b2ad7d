"""Forked children that work on lines of their own while the parent works on its own, and a grandchild."""

import os

from truth import going, region, regions, threads, write


def work(rounds):
    total = 0
    for number in range(rounds):
        total += number & 7
    return total


def child(name, share):
    """A process of its own knows nothing yet, and its thread's clock starts at 0."""
    regions.clear()
    threads.clear()
    if name == "elder" and os.fork() == 0:
        child("grandchild", 0.2)
    while going(share):
        with region(name):
            if name == "elder":
                work(300_000)  # mark: elder
            elif name == "younger":
                sorted(range(1_000_000))  # mark: younger
            else:
                work(300_000)  # mark: grandchild
    if name == "elder":
        os.wait()
    write()
    os._exit(0)


for name, share in (("elder", 0.3), ("younger", 0.2)):
    if os.fork() == 0:
        child(name, share)
while going(0.3):
    with region("parent"):
        work(300_000)  # mark: parent
os.wait()
os.wait()
write()
