"""Three threads at once: one sleeps, one runs Python, one runs C without the interpreter lock.

A thread that returns to Python waits for the lock, which the thread that runs Python holds most of the time.
"""

import threading
import time

from truth import going, helper, thread_ends, wait, write


def sleeper():
    with wait("sleep"):
        while workers[0].is_alive():  # mark: sleep
            time.sleep(0.2)  # mark: sleep
    thread_ends("sleeper")


def python():
    total = 0
    with wait("python"):
        while going(0.5):  # mark: python
            for number in range(300_000):  # mark: python
                total += number & 7  # mark: python
    thread_ends("python")


def compiled():
    with wait("compiled"):
        while going(0.5):  # mark: compiled
            helper.burn(20_000_000)  # mark: compiled
    thread_ends("compiled")


workers = [threading.Thread(target=work) for work in (python, compiled)]
others = [threading.Thread(target=sleeper)]
for thread in workers + others:
    thread.start()
for thread in workers + others:
    thread.join()
write()
