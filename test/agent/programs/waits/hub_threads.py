"""
Threads that each have a gevent hub and sleep in it, one after the other, while the main thread makes and drops objects.
Prints how long they were to sleep in all, and how long they did.
"""

import threading
import time

import gevent

slept = 0.0
kept = []


def sleeps():
    global slept
    begun = time.perf_counter()
    gevent.sleep(0.2)  # mark: sleep
    slept += time.perf_counter() - begun


def churn(until):
    while time.perf_counter() < until:
        kept.append({number: [number] for number in range(50)})
        if len(kept) > 200:
            kept.clear()


gevent.sleep(0)
for _ in range(12):
    thread = threading.Thread(target=sleeps)
    thread.start()
    churn(time.perf_counter() + 0.15)
    thread.join()
print(12 * 0.2, slept)
