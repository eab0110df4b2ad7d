"""Blocks that compiled code makes larger with realloc, in steps from small to large."""

import ctypes

from blocks import helper
from truth import facts, write

size = 200_000_000
libc = ctypes.CDLL(None)
libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.realloc.restype = ctypes.c_void_p

assert helper.grow_block(size, 1_000_000)  # mark: large steps
assert helper.grow_block(size, 10_000)  # mark: small steps
block = None
for step in range(1, 101):
    block = libc.realloc(block, step * size // 100)  # mark: from Python
assert helper.resize_block(helper.grow_block(size, size), size // 4)  # mark: shrunk
helper.free_block(helper.grow_block(size, size // 50))  # mark: freed

facts["grown"] = size
facts["quarter"] = size // 4
write()
