"""Four threads wait in queue.get() while one works. Waiting is not working."""

import queue
import threading
import time

from truth import add, going, region, run_queue_s, thread_ends, write

work = queue.Queue()


def idle(name):
    queued, cpu, wall = run_queue_s(), time.thread_time(), time.perf_counter()
    work.get()  # mark: get
    queued, cpu, wall = (
        run_queue_s() - queued,
        time.thread_time() - cpu,
        time.perf_counter() - wall,
    )
    # Taking turns with the other three: regions are shared.
    with turns:
        add("get", cpu_s=cpu, wait_s=wall - cpu - queued)
        thread_ends(name)


def burn(rounds):
    total = 0
    for number in range(rounds):  # mark: burn
        total += number & 7  # mark: burn
    return total


turns = threading.Lock()
threads = [threading.Thread(target=idle, args=(f"idle {n}",)) for n in range(4)]
for thread in threads:
    thread.start()
while going():
    with region("burn"):
        burn(300_000)
for _ in threads:
    work.put(None)
for thread in threads:
    thread.join()
write()
