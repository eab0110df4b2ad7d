"""Blocks of sizes that are sampled, small to large, a known number of bytes of each: to be run again and again."""

import sys
from itertools import repeat

from blocks import helper
from truth import facts, write


def size(blocks):
    return sum(map(sys.getsizeof, blocks)) + sys.getsizeof(blocks)


tiny = [bytes(31) for _ in repeat(None, 400_000)]  # mark: tiny
small = [bytes(967) for _ in repeat(None, 40_000)]  # mark: small
medium = [bytes(20_000) for _ in repeat(None, 2_000)]  # mark: medium
helper.keep_blocks(b"malloc", 80_000, 500)  # mark: large
helper.pass_blocks(3_000, 20_000)  # mark: passing

facts["tiny"] = size(tiny)
facts["small"] = size(small)
facts["medium"] = size(medium)
facts["large"] = 500 * 80_000
facts["passing"] = 20_000 * 3_000
write()
