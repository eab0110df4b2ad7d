"""Bytecode and little else."""

total = 0
for number in range(9_000_000):
    total += number * number & 255
