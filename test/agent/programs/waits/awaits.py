"""Three tasks that wait all the time, each in another way, beside one that computes. Prints how long the loop ran, and
how much of that was computing."""

import asyncio
import time


def until(quarter):
    """Seconds until a quarter of the two seconds is over: what comes late does not make everything after it late."""
    return max(0, began + quarter / 2 - time.monotonic())


async def sleeper():
    for i in range(1, 5):
        await asyncio.sleep(until(i))  # mark: sleep


async def inner(event):
    await event.wait()  # mark: inner


async def outer(event):
    await inner(event)  # mark: outer


async def naps():
    for i in range(1, 5):
        await asyncio.sleep(until(i))  # mark: generator
        yield i


async def consumer():
    async for _ in naps():  # mark: consumer
        pass


computed = 0.0


async def worker():
    global computed
    for _ in range(10):
        began = time.monotonic()
        end = time.thread_time() + 0.04
        while time.thread_time() < end:
            sum(range(1000))  # mark: compute
        computed += time.monotonic() - began
        await asyncio.sleep(0)  # mark: yield


async def main():
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(until(4), event.set)
    await asyncio.gather(sleeper(), outer(event), consumer(), worker())  # mark: gather


began = time.monotonic()
asyncio.run(main())  # mark: run
print(time.monotonic() - began, computed)
