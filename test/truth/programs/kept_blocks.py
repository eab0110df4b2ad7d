"""Blocks of two sizes, kept by two lines in turn: each line holds the size of its blocks."""

from truth import facts, write

large, small = [], []
for number in range(150):
    large.append(bytearray(900_000))  # mark: large
    small.append(bytearray(200_000))  # mark: small

facts["large"] = sum(len(block) for block in large)
facts["small"] = sum(len(block) for block in small)
write()
