"""Memory has its peak in the middle of the run, held by two lines; other lines hold memory at the end."""

import sys
import time

from truth import facts, write


def middle():
    large = [bytearray(2_000_000) for _ in range(50)]  # mark: large
    small = [bytes(1_000) for _ in range(300_000)]  # mark: small
    time.sleep(0.1)
    return len(large) + len(small)


base = [bytes(20_000) for _ in range(16_000)]  # mark: base
for _ in range(20):
    bytearray(50_000_000)  # mark: before
middle()
late = [bytearray(1_000_000) for _ in range(60)]  # mark: late

facts["base"] = sum(map(sys.getsizeof, base)) + sys.getsizeof(base)
facts["large"] = 100_000_000
facts["small"] = 300_000 * sys.getsizeof(bytes(1_000))
facts["late"] = 60_000_000
facts["peak"] = facts["base"] + facts["large"] + facts["small"]
write()
