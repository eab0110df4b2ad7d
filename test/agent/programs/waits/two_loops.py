"""Two event loops in two threads, each with a task of its own. Prints how long each ran."""

import asyncio
import threading
import time

took = {}


async def first():
    await asyncio.sleep(0.6)  # mark: first


async def second():
    await asyncio.sleep(1.2)  # mark: second


def run(coroutine):
    began = time.monotonic()
    asyncio.run(coroutine())
    took[coroutine.__name__] = time.monotonic() - began


threads = [
    threading.Thread(target=run, args=(each,), name=each.__name__) for each in (first, second)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(took["first"], took["second"])
