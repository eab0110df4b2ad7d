"""A list that one line builds for nearly all of the run, to its end: that is its result, and no leak."""

import sys

from blocks import slowly
from truth import facts, write

result = [bytes(100_000) for _ in slowly(2.5)]  # mark: result

facts["result"] = sum(map(sys.getsizeof, result))
write()
