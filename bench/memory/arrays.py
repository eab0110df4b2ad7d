"""numpy: arrays that are kept, temporaries, copies, and what importing it takes."""

import numpy

kept = numpy.ones(3_000_000)
for _ in range(20):
    total = (kept * 2.0 + 1.0).sum()
rows = [numpy.full(2_000, number) for number in range(500)]
stacked = numpy.vstack(rows)
picked = stacked[::2].copy()
texts = numpy.array([str(number) for number in range(100_000)])
ordered = numpy.sort(kept)
