"""Tasks that wait for other tasks, which are the ones that really wait. Prints how long each way took."""

import asyncio
import sys
import time


async def leaf():
    await asyncio.sleep(0.4)  # mark: leaf


def task():
    return asyncio.get_running_loop().create_task(leaf())


async def ways():
    await task()  # mark: task
    await asyncio.gather(leaf(), leaf())  # mark: gather
    await asyncio.wait([task()])  # mark: wait
    await asyncio.wait_for(task(), 5)  # mark: wait_for
    await asyncio.shield(task())  # mark: shield
    for each in asyncio.as_completed([leaf()]):
        await each  # mark: as_completed
    if sys.version_info >= (3, 11):
        async with asyncio.TaskGroup() as group:  # mark: group
            group.create_task(leaf())


began = time.monotonic()
asyncio.run(ways())
print(time.monotonic() - began)
