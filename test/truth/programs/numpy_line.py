"""A numpy line among trivial lines, and the same trivial lines without it: the difference is the numpy line's cost.

The trivial lines may cost more beside the arrays, which fill the caches; the arrays are so large that this is negligible.
"""

import numpy
from truth import add, again, region, regions, write

left = numpy.linspace(0, 1, 100_000)
right = numpy.linspace(1, 2, 100_000)
product = numpy.empty(100_000)


def with_numpy(rounds):
    for number in range(rounds):  # mark: trivial
        before = number + 1  # mark: trivial
        numpy.multiply(left, right, out=product)  # mark: multiply
        after = before * 2  # mark: trivial
    return after


def without_numpy(rounds):
    for number in range(rounds):  # mark: alone
        before = number + 1  # mark: alone
        after = before * 2  # mark: alone
    return after


while again():
    with region("both"):
        with_numpy(150)
    with region("alone"):
        without_numpy(150_000)
trivial = regions["alone"]["cpu_s"] * 150 / 150_000
add("trivial", cpu_s=trivial)
add("multiply", cpu_s=regions["both"]["cpu_s"] - trivial)
write()
