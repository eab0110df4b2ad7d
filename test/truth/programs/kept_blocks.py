"""Blocks of two sizes, kept on two lines: what a line holds is their size, however they take turns."""

from truth import facts, write

large, small = [], []
for number in range(150):
    large.append(bytearray(900_000))  # mark: large
    small.append(bytearray(200_000))  # mark: small

facts["large"] = sum(len(block) for block in large)
facts["small"] = sum(len(block) for block in small)
write()
