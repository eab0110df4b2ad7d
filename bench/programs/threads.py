"""Two threads that hand work to each other, and two that wait."""

import queue
import threading

tasks, results, never = queue.Queue(), queue.Queue(), queue.Queue()


def work():
    while (limit := tasks.get()) is not None:
        results.put(sum(number * number for number in range(limit)))


waiting = [threading.Thread(target=never.get, daemon=True) for _ in range(2)]
workers = [threading.Thread(target=work) for _ in range(2)]
for thread in waiting + workers:
    thread.start()
for _ in range(2500):
    tasks.put(10_000)
for _ in workers:
    tasks.put(None)
for thread in workers:
    thread.join()
