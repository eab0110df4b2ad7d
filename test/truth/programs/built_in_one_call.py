"""A list that one line builds during nearly the whole run: the list is the line's result, not a leak."""

import sys

from blocks import slowly
from truth import facts, write

result = [bytes(100_000) for _ in slowly(2.5)]  # mark: result

facts["result"] = sum(map(sys.getsizeof, result))
write()
