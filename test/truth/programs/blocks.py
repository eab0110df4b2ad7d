"""For programs that know what they allocate: allocating functions of the helper, and exact figures from tracemalloc.

A program that uses `traced` runs twice: bare under tracemalloc, which measures what each block of lines keeps, and
profiled.
"""

import ctypes
import os
import sys
import time
import tracemalloc

from truth import facts, helper

helper.grow_block.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
helper.grow_block.restype = ctypes.c_void_p
helper.resize_block.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
helper.resize_block.restype = ctypes.c_void_p
helper.free_block.argtypes = [ctypes.c_void_p]
helper.keep_blocks.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_long]
helper.keep_blocks.restype = ctypes.c_long
helper.pass_blocks.argtypes = [ctypes.c_size_t, ctypes.c_long]
helper.copy_blocks.argtypes = [ctypes.c_size_t, ctypes.c_long]

is_traced = sys.argv[4:] == ["traced"]
if is_traced:
    tracemalloc.start(1)


class traced:
    """Notes by how much the memory of Python's allocators grows in a `with` block."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.before = tracemalloc.get_traced_memory()[0]

    def __exit__(self, *error):
        if is_traced:
            facts[self.name] = tracemalloc.get_traced_memory()[0] - self.before


def slowly(seconds):
    """Yields every few milliseconds, for some seconds."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        time.sleep(0.003)
        yield


def since_start_s():
    """Seconds since this process began."""
    with open("/proc/self/stat") as file:
        began = int(file.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began


def resident():
    """Bytes that the kernel keeps in memory for this process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
