"""Makes a large recording quickly: ever new functions, in files with very long names."""

import sys
import time
import types


def work(n):
    total = 0
    for i in range(n):
        total += i
    return total


end = time.process_time() + float(sys.argv[1])
functions = []
while time.process_time() < end:
    name = "/generated/" + "x" * 4000 + str(len(functions))
    functions.append(types.FunctionType(work.__code__.replace(co_filename=name), globals()))
    functions[-1](10_000)
print("done")
