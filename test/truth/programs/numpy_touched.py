"""Arrays of 512 MB of which nothing, half and everything is ever written: allocated the same, resident not at all."""

import resource
import time

import numpy
from blocks import resident, since_start_s
from truth import facts, write

count = 64 << 20
facts["array"] = count * 8


def hold(name):
    """Long enough for the resident size to be looked at; before and after, something else is resident."""
    time.sleep(0.6)
    facts[name] = resident()
    facts[f"{name} at"] = since_start_s()
    time.sleep(0.2)


untouched = numpy.empty(count)  # mark: untouched
hold("resident, untouched")
del untouched
half = numpy.empty(count)  # mark: half
half[: count // 2] = 1
hold("resident, half touched")
del half
touched = numpy.empty(count)  # mark: touched
touched[:] = 1
hold("resident, touched")
del touched
facts["resident at most"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
write()
