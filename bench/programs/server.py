"""A server in asyncio that answers requests over loopback, with work in threads, and the clients that ask it."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

executor = ThreadPoolExecutor(4)


def work(request):
    rows = [{"id": number, "square": number * number} for number in range(request["rows"])]
    return json.dumps({"rows": rows, "total": sum(row["square"] for row in rows)})


async def serve(reader, writer):
    while line := await reader.readline():
        request = json.loads(line)
        answer = await asyncio.get_running_loop().run_in_executor(executor, work, request)
        writer.write(answer.encode() + b"\n")
        await writer.drain()
    writer.close()


async def ask(port, requests):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(requests):
        writer.write(json.dumps({"rows": 40 + number % 20}).encode() + b"\n")
        await writer.drain()
        json.loads(await reader.readline())
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await asyncio.gather(*(ask(port, 500) for _ in range(8)))
    server.close()


asyncio.run(main())
