"""A list that is built early in the run, and one that grows until its end: nothing leaks."""

import sys
import time

from truth import facts, write


def size(block):
    return sum(map(sys.getsizeof, block)) + sys.getsizeof(block)


began = time.perf_counter()
time.sleep(0.5)
early = [[number] for number in range(700_000)]  # mark: early
time.sleep(2 * (time.perf_counter() - began))
result = [bytes(1_000) for _ in range(400_000)]  # mark: result

facts["early"] = size(early)
facts["result"] = size(result)
write()
