"""
Compiled code that calls back into Python in a tight loop, in every way there is: each call enters and leaves the
bytecode loop, which is when a stack is half built. test/agent/stacks/stacks.test.ts holds the grammar of the marks.
"""

import functools
import itertools
import re
import sys
import time


def one(value):
    return value


def key(value):
    return -value


def add(left, right):
    return left + one(right)  # mark: add one


def sorting(values):
    return sorted(values, key=key)  # mark: sorting key


def mapping(values):
    return list(map(one, values))  # mark: mapping one


def filtering(values):
    return list(filter(one, values))  # mark: filtering one


def reducing(values):
    return functools.reduce(add, values)  # mark: reducing add


def replace(match):
    return one("x")  # mark: replace one


pattern = re.compile("a")


def replacing():
    return pattern.sub(replace, "abcaabca")  # mark: replacing replace


def count(n):
    for i in range(n):
        yield one(i)  # mark: count one


def summing():
    return sum(count(8))  # mark: summing count


def chain(n):
    yield from count(n)  # mark: chain count


def chaining():
    # When the outer generator is dropped half way, the inner one is closed first, by the one who drops.
    return list(itertools.islice(chain(8), 6))  # mark: chaining chain|count


class Number:
    def __init__(self, value):
        self.value = one(value)  # mark: __init__ one

    def __lt__(self, other):
        return self.value < other.value

    def __getattr__(self, name):
        if name == "missing":
            raise AttributeError(name)
        return one(7)  # mark: __getattr__ one

    @property
    def double(self):
        return add(self.value, self.value)  # mark: double add

    def __len__(self):
        return 3

    def __getitem__(self, index):
        if index > 4:
            raise IndexError(index)
        return one(index)  # mark: __getitem__ one

    def __call__(self):
        return one(1)  # mark: __call__ one


def building():
    return [Number(3), Number(2), Number(1)]  # mark: building __init__


def comparing(numbers):
    return min(numbers)  # mark: comparing __lt__


def reading(number):
    number.anything  # mark: reading __getattr__
    return number.double + len(number)  # mark: reading double|__len__


def walking(number):
    return list(number)  # mark: walking __getitem__|__len__


def missing(number):
    return getattr(number, "missing", None)  # mark: missing __getattr__


def calling(number):
    return functools.partial(number)()  # mark: calling __call__


def fail(value):
    raise KeyError(value)


def failing():
    try:
        list(map(fail, [1]))  # mark: failing fail
    except KeyError:
        pass


def deep(n):
    # Through compiled code at every level.
    return n and max(map(deep, [n - 1]))  # mark: deep deep


def closing():
    # A generator that is left half way is closed by the one who drops it.
    next(count(3))  # mark: closing count


def work(seconds):
    values = list(range(12))
    number = Number(5)  # mark: work __init__
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        for _ in range(20):
            sorting(values)  # mark: work sorting
            mapping(values)  # mark: work mapping
            filtering(values)  # mark: work filtering
            reducing(values)  # mark: work reducing
            replacing()  # mark: work replacing
            summing()  # mark: work summing
            chaining()  # mark: work chaining
            comparing(building())  # mark: work comparing|building
            reading(number)  # mark: work reading
            walking(number)  # mark: work walking
            missing(number)  # mark: work missing
            calling(number)  # mark: work calling
            failing()  # mark: work failing
            deep(6)  # mark: work deep
            closing()  # mark: work closing


work(float(sys.argv[1]))  # mark: <module> work
