"""The same second of waiting under an event loop that is not asyncio's own. Prints how long it took."""

import sys
import time

kind = sys.argv[1]


def busy():
    end = time.thread_time() + 0.1
    while time.thread_time() < end:
        sum(range(1000))


if kind in ("trio", "anyio-trio"):
    import anyio
    import trio

    async def sleeper():
        await (trio.sleep(0.5) if kind == "trio" else anyio.sleep(0.5))  # mark: trio

    async def main():
        async with trio.open_nursery() as nursery:  # mark: nursery
            nursery.start_soon(sleeper)
            nursery.start_soon(sleeper)
            busy()

    run = trio.run
else:
    import asyncio

    import anyio
    import uvloop

    async def sleeper():
        await (asyncio.sleep(0.5) if kind == "uvloop" else anyio.sleep(0.5))  # mark: asyncio

    async def main():
        busy()
        if kind == "uvloop":
            await asyncio.gather(sleeper(), sleeper())  # mark: gather
        else:
            async with anyio.create_task_group() as group:  # mark: group
                group.start_soon(sleeper)
                group.start_soon(sleeper)

    def run(main):
        if kind == "anyio-asyncio":
            return anyio.run(main)
        loop = uvloop.new_event_loop()
        try:
            return loop.run_until_complete(main())  # mark: run
        finally:
            loop.close()


began = time.monotonic()
run(main)
print(time.monotonic() - began)
