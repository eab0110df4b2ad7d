"""Pure Python that does little else than call: functions, methods, properties, closures, generators, constructors."""

import time


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    @property
    def sum(self):
        return self.x + self.y

    def moved(self, dx):
        return Point(self.x + dx, self.y)


def adder(n):
    def add(value):
        return value + n

    return add


def count(n):
    i = 0
    while i < n:
        yield i
        i += 1


def add(a, b=1, *, c=2):
    return a + b + c


def work():
    total = 0
    plus = adder(3)
    point = Point(1, 2)
    for i in count(2000):
        total = add(total, i, c=1)
        total = plus(total)
        total += point.sum
        point = point.moved(1)
        total &= 0xFFFF
    return total


end = time.process_time() + 1.5
while time.process_time() < end:
    work()
