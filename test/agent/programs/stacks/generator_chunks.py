"""Makes generators whose frame is the first of a new chunk of Python's data stack: `generator_chunks.py SECONDS`."""

import sys
import threading
import time


def generator():
    yield 1


def descend(depth, times):
    if depth:
        return descend(depth - 1, times)
    start = time.thread_time()
    for _ in range(times):
        generator()
    return time.thread_time() - start


def main():
    # There it takes longest, because a chunk is made and given back each time.
    edge = max(range(20, 300), key=lambda depth: min(descend(depth, 100) for _ in range(2)))
    end = time.thread_time() + float(sys.argv[1])
    while time.thread_time() < end:
        descend(edge, 5000)


sys.setrecursionlimit(5000)
# A thread whose stack of frames begins with these: its chunks are no other thread's.
other = threading.Thread(target=main)
other.start()
other.join()
print("fine")
