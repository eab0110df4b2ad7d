"""Runs a program as its own, then prints the CPU time that it and its children took."""

import resource
import runpy
import sys

del sys.argv[0]
sys.path[0] = sys.argv[0].rpartition("/")[0]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    own, children = (
        resource.getrusage(resource.RUSAGE_SELF),
        resource.getrusage(resource.RUSAGE_CHILDREN),
    )
    print("cpu", own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime)
