"""Four thousand tasks that sleep: a half of them on one line, a quarter on each of two others."""

import asyncio
import random
import sys
import time


async def half(until):
    while time.monotonic() < until:
        await asyncio.sleep(random.uniform(1, 3))  # mark: half


async def quarter(until):
    while time.monotonic() < until:
        await asyncio.sleep(random.uniform(1, 3))  # mark: quarter


async def other(until):
    while time.monotonic() < until:
        await asyncio.sleep(random.uniform(1, 3))  # mark: other


async def main(count):
    until = time.monotonic() + 4
    kinds = [half, quarter, half, other]
    await asyncio.wait([asyncio.create_task(kinds[i % 4](until)) for i in range(count)])


asyncio.run(main(int(sys.argv[1])))
