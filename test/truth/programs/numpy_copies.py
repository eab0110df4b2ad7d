"""Bytes that numpy copies: a known number."""

import numpy
from truth import facts, write

total = 2_000_000_000
array = numpy.zeros(1_000_000 // 8)
for _ in range(total // array.nbytes):
    array.copy()  # mark: copy
small = numpy.zeros(20_000 // 8)
for _ in range(total // small.nbytes):
    small.copy()  # mark: small copy
target = numpy.zeros(1_000_000 // 8)
for _ in range(total // array.nbytes):
    target[:] = array  # mark: assigned
for _ in range(total // array.nbytes):
    array.tobytes()  # mark: tobytes

facts["copied"] = total
write()
