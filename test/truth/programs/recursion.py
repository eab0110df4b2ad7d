"""Work at the bottom of 900 calls, and half way down. A recursive line's total is its time once, not 900 times."""

from truth import again, region, write


def work(rounds):
    total = 0
    for number in range(rounds):
        total += number & 7
    return total


def descend(depth):
    if depth == 450:
        with region("middle"):
            for _ in range(2):  # mark: middle
                work(100_000)  # mark: middle
    if depth == 0:
        with region("bottom"):
            work(400_000)  # mark: bottom
        return
    descend(depth - 1)  # mark: descend


while again():
    with region("descend"):
        descend(900)
    with region("flat"):
        work(300_000)  # mark: flat
write()
