"""Calls the library that finds out about signal handlers and the stacks they run on."""

import ctypes
import sys

ctypes.CDLL(sys.argv[1]).everything()
