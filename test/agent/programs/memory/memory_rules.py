"""LIBRARY MODE: what C promises of memory, or what happens when memory is short."""

import ctypes
import os
import resource
import sys

library = ctypes.PyDLL(sys.argv[1])
mode = sys.argv[2]
library.take.restype = ctypes.c_void_p
library.take.argtypes = library.reserve.argtypes = [ctypes.c_size_t]
library.give.argtypes = [ctypes.c_void_p]


def limit_here():
    """The system gives this process no more memory from now on."""
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now, resource.RLIM_INFINITY))


if mode == "rules":
    library.rules()
elif mode == "handlers":
    library.handlers(300)
elif mode == "between":
    # A library that has an allocator's functions for itself: what it frees is not seen, and the other way round.
    alone = ctypes.CDLL(sys.argv[1] + ".alone.so", mode=os.RTLD_DEEPBIND)
    alone.take.restype = ctypes.c_void_p
    alone.take.argtypes = [ctypes.c_size_t]
    alone.give.argtypes = [ctypes.c_void_p]
    for size in (100, 5000, 1 << 20) * 300:
        alone.give(library.take(size))
        library.give(alone.take(size))
    print("given back")
elif mode == "exhausted":
    limit_here()
    kept = []
    try:
        while True:
            kept.append(bytearray(1 << 20))
    except MemoryError as error:
        print(repr(error), error.__context__)
    try:
        bytearray(1 << 40)
    except MemoryError as error:
        print(repr(error))
    del kept[:]
    small = []
    try:
        while True:
            small.append([bytes(100), {}])
    except MemoryError:
        del small[:]
        print("again")
    print(sum(len(bytes(1000)) for _ in range(10_000)))
elif mode == "no_table":
    library.reserve(3072 << 20)
    limit_here()
    blocks = [library.take(150_000) for _ in range(20_000)]
    print(None in blocks)
    for block in blocks:
        library.give(block)
    print("given back")
