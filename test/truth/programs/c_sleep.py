"""Sleeping in C, resumed when a signal interrupts it: no signal should, and the line waits and costs no CPU."""

from truth import facts, going, helper, region, wait, write

interrupted = 0


def burn(rounds):
    total = 0
    for number in range(rounds):  # mark: burn
        total += number & 7  # mark: burn
    return total


while going(0.5):
    with wait("sleep"):
        interrupted += helper.sleep_for(0.3)  # mark: sleep
    with region("burn"):
        burn(4_000_000)
facts["interrupted"] = interrupted
write()
