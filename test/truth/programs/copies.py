"""Bytes copied, by what copies them: a known number of each."""

import ctypes

from blocks import helper
from truth import facts, write

total = 4_000_000_000

data = bytes(4_000_001)
for _ in range(total // 4_000_000):
    data[1:]  # mark: large slices
for _ in range(total // 100_000):
    data[1:100_001]  # mark: slices
for _ in range(total // 10_000):
    data[1:10_001]  # mark: small slices
array = bytearray(1_000_001)
for _ in range(total // 1_000_000):
    array[1:]  # mark: bytearray slices
for _ in range(total // 1_000_000):
    bytes(array)  # mark: bytes of a bytearray
source, target = bytearray(1_000_000), bytearray(1_000_000)
for _ in range(total // 1_000_000):
    target[:] = source  # mark: assigned
buffer = ctypes.create_string_buffer(500_000)
for _ in range(total // 500_000):
    ctypes.memmove(buffer, data, 500_000)  # mark: memmove
helper.copy_blocks(50_000, total // 50_000)  # mark: memcpy
parts = [bytes(1_000_000)] * 10
for _ in range(total // 10_000_000):
    b"".join(parts)  # mark: join

facts["copied"] = total
write()
