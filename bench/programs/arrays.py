"""numpy on arrays that leave the cache."""

import numpy

a = numpy.random.rand(400_000)
b = numpy.random.rand(400_000)
for _ in range(1500):
    c = a * b
    c += 1.0
