"""Many short sleeps on two lines, with a little work between them."""

import time

from truth import going, region, wait, write


def burn(rounds):
    total = 0
    for number in range(rounds):  # mark: burn
        total += number & 7  # mark: burn
    return total


while going(0.4):
    with wait("two"):
        time.sleep(0.002)  # mark: two
    with region("burn"):
        burn(60_000)
    with wait("six"):
        time.sleep(0.006)  # mark: six
    with region("burn"):
        burn(60_000)
write()
