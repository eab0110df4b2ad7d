"""BLAS with two threads, and numpy's own code that has none."""

import numpy as np
from clocks import Clocks

random = np.random.default_rng(1)
a = random.random((600, 600))
values = random.random(400_000)
a @ a
clocks = Clocks()
for _ in range(90):
    with clocks.call("multiply"):
        a @ a  # mark: multiply
    clocks.rest()  # mark: rest
    with clocks.call("solve"):
        np.linalg.solve(a, a)  # mark: solve
    clocks.rest()  # mark: rest
    with clocks.plain("sort"):
        np.sort(values)  # mark: sort
clocks.say()
