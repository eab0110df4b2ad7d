"""Has its own recording cut off while it is written, as by a script that cleans up: cut_off.py FOLDER SIZE."""

import glob
import os
import sys
import time

folder, size = sys.argv[1], int(sys.argv[2])


def work(seconds):
    end = time.thread_time() + seconds
    total = 0
    while time.thread_time() < end:
        # Code that was not seen before makes the recording grow.
        names = {}
        exec("def function_%d(): return %d" % (total, total), names)
        total += names["function_%d" % total]() >= 0
    return total


work(0.2)
for path in glob.glob(os.path.join(folder, "*.lsp")):
    os.truncate(path, size)
work(0.3)
print("fine")
