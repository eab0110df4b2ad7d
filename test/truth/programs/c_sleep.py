"""Sleeps in C and resumes after a signal: no signal should interrupt the sleep, and the line waits without CPU time."""

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
