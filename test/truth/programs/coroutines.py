"""Two coroutines that compute and sleep, each on lines of its own, and a third that waits for them.

While the event loop waits, its time belongs in equal parts to the tasks that sleep then.
"""

import asyncio
import time

from truth import add, going, region, regions, wait, write

log = []  # (moment, name of the coroutine, +1 when it begins to sleep or -1 when it goes on)


def note(name, change):
    log.append((time.perf_counter(), name, change))


async def first():
    total = 0
    while going():
        with region("first computes"):
            for number in range(1_000_000):  # mark: first computes
                total += number & 7  # mark: first computes
        note("first sleeps", 1)
        await asyncio.sleep(0.05)  # mark: first sleeps
        note("first sleeps", -1)


async def second():
    total = 0
    while going():
        with region("second computes"):
            for number in range(2_000_000):  # mark: second computes
                total += number & 3  # mark: second computes
        note("second sleeps", 1)
        await asyncio.sleep(0.25)  # mark: second sleeps
        note("second sleeps", -1)


async def main():
    await asyncio.gather(first(), second())  # mark: gather


def share_waiting():
    """Between two notes nobody computes when both are asleep, or one is and the other has ended."""
    asleep = set()
    shares = {}
    ended = {name: max(at for at, who, _ in log if who == name) for _, name, _ in log}
    for (began, name, change), (until, _, _) in zip(log, log[1:]):
        asleep = asleep | {name} if change > 0 else asleep - {name}
        computing = [who for who in ended if who not in asleep and ended[who] > began]
        if not computing:
            for who in asleep:
                shares[who] = shares.get(who, 0) + (until - began) / len(asleep)
    # In part of that time the loop only lacked a core, or was at work itself.
    waited = regions.pop("run")["wait_s"]
    for who, share in shares.items():
        add(who, wait_s=waited * share / sum(shares.values()))


with wait("run"):
    asyncio.run(main())
share_waiting()
write()
