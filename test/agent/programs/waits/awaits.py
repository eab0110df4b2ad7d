"""Three tasks that wait all the time, each in another way, beside one that computes. They wait for 1.5 s after the last
computation, however long it took to get a core. Prints how long the loop ran, and how much of that was computing."""

import asyncio
import math
import time

computed = 0.0
# When all waiting ends; known once everything has been computed.
end = math.inf


def is_over():
    return time.monotonic() >= end


def pause():
    """Seconds until the next half second, or the end: the tasks wake up together, even if one of them comes late."""
    passed = time.monotonic() - began
    return max(0, min(0.5 - passed % 0.5, end - began - passed))


async def sleeper(event):
    while not is_over():
        await asyncio.sleep(pause())  # mark: sleep
    event.set()


async def inner(event):
    await event.wait()  # mark: inner


async def outer(event):
    await inner(event)  # mark: outer


async def naps():
    while not is_over():
        await asyncio.sleep(pause())  # mark: generator
        yield


async def consumer():
    async for _ in naps():  # mark: consumer
        pass


async def worker():
    global computed, end
    for _ in range(10):
        began = time.monotonic()
        used = time.thread_time() + 0.04
        while time.thread_time() < used:
            sum(range(1000))  # mark: compute
        computed += time.monotonic() - began
        await asyncio.sleep(0)  # mark: yield
    end = time.monotonic() + 1.5


async def main():
    event = asyncio.Event()
    await asyncio.gather(sleeper(event), outer(event), consumer(), worker())  # mark: gather


began = time.monotonic()
asyncio.run(main())  # mark: run
print(time.monotonic() - began, computed)
