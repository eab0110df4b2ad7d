"""A cache that is soon full and then replaces its oldest: it allocates for the whole run, and does not grow."""

import time
from collections import OrderedDict

from truth import facts, write

entries, size, seconds = 1_000, 100_000, 4
cache = OrderedDict()
stored = 0
began = time.perf_counter()
while time.perf_counter() - began < seconds:
    cache[stored] = bytes(size)  # mark: store
    stored += 1
    if len(cache) > entries:
        cache.popitem(last=False)
        time.sleep(0.001)

facts["held"] = len(cache) * size
facts["allocated"] = stored * size
write()
