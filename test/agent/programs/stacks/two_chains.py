"""
Two ways into one function, and everything else that makes Python stacks change fast: callbacks from C, generators,
recursion, exceptions, constructors. Which stacks can be is known exactly; test/agent/stacks/stacks.test.ts holds the grammar.
"""

import sys
import threading
import time


def leaf(n):
    return n * 3 + 1


def c(n):
    total = 0
    for i in range(n):
        total += leaf(i)  # mark: c leaf
    return total


def b(n):
    return c(n) + 1  # mark: b c


def a(n):
    return b(n) + 1  # mark: a b


def e(n):
    return c(n) + 2  # mark: e c


def d(n):
    return e(n) + 2  # mark: d e


def key(value):
    return -value


def sorting(values):
    return sorted(values, key=key)  # mark: sorting key


def numbers(n):
    for i in range(n):
        yield i


def summing(n):
    return sum(numbers(n))  # mark: summing numbers


def recurse(n):
    if n == 0:
        return 0
    return recurse(n - 1) + 1  # mark: recurse recurse


class Thing:
    def __init__(self, n):
        self.n = leaf(n)  # mark: __init__ leaf


def building(n):
    total = 0
    for i in range(n):
        total += Thing(i).n  # mark: building __init__
    return total


def fail(n):
    if n == 0:
        raise KeyError(n)
    fail(n - 1)  # mark: fail fail


def failing():
    try:
        fail(3)  # mark: failing fail
    except KeyError:
        pass


def work(seconds):
    values = list(range(20))
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        a(3)  # mark: work a
        d(3)  # mark: work d
        sorting(values)  # mark: work sorting
        summing(10)  # mark: work summing
        recurse(8)  # mark: work recurse
        building(3)  # mark: work building
        failing()  # mark: work failing


second = threading.Thread(target=work, args=(float(sys.argv[1]),))
second.start()
work(float(sys.argv[1]))  # mark: <module> work
second.join()
