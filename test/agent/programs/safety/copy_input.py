"""Copies its input to its output, line by line, and counts it."""

import sys

count = 0
for line in sys.stdin:
    sys.stdout.write(line.upper())
    count += len(line)
print(count)
