"""Compiled code calls Python back, in every way that people use; each function below is seen under its caller."""

import functools
import json
import re
import sys
import threading
import time

numpy = None
if len(sys.argv) > 2:
    import numpy


def work(*anything):
    total = 0
    for i in range(4000):
        total += i * i
    return 0


def by_sorted():
    sorted(range(20), key=work)


def by_sub():
    re.sub("a", lambda match: str(work()), "ab" * 20)


def by_reduce():
    functools.reduce(work, range(20))


def by_map():
    list(map(work, range(20)))


def by_sum():
    sum(work(i) for i in range(20))


def by_json():
    json.loads(json.dumps([{"a": 1}] * 20), object_hook=work)


def by_ufunc():
    numpy.frompyfunc(work, 1, 1)(numpy.arange(20))


class Number:
    def __add__(self, other):
        work()
        return self


def by_operator():
    for _ in range(20):
        Number() + 1


ways = [way for name, way in list(globals().items()) if name.startswith("by_")]
if numpy is None:
    ways.remove(by_ufunc)


def all_ways(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        for way in ways:
            way()


other = threading.Thread(target=all_ways, args=[float(sys.argv[1]) / 2])
other.start()
all_ways(float(sys.argv[1]) / 2)
other.join()
