"""Starts the threads of native_threads.c, whose library is the first argument, and waits for them."""

import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])
library.start_threads()
library.join_threads()  # mark: join
