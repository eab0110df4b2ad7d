"""blocking_calls.py LIBRARY free SECONDS | killed ROUNDS: what blocking_calls.c counts, in a process of Python's."""

import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])
if sys.argv[2] == "free":
    library.free_calls(ctypes.c_double(float(sys.argv[3])))
else:
    library.killed_calls(int(sys.argv[3]))
