"""Call-heavy Python: hardly anything happens but calls."""

from truth import again, region, write


def fibonacci(n):
    if n < 2:  # mark: fibonacci
        return n  # mark: fibonacci
    return fibonacci(n - 1) + fibonacci(n - 2)  # mark: fibonacci


class Counter:
    def __init__(self):
        self.value = 0

    def add(self, more):
        self.value += more  # mark: methods

    @property
    def doubled(self):
        return self.value * 2  # mark: methods


def count(rounds):
    counter = Counter()
    for number in range(rounds):  # mark: methods
        counter.add(number)  # mark: methods
        counter.doubled  # mark: methods


def first(rounds):
    return second(rounds)  # mark: chain


def second(rounds):
    return third(rounds)  # mark: chain


def third(rounds):
    total = 0
    for number in range(rounds):  # mark: chain
        total += abs(-number)  # mark: chain
    return total


while again():
    with region("fibonacci"):
        fibonacci(22)  # mark: call fibonacci
    with region("methods"):
        count(60_000)  # mark: call methods
    with region("chain"):
        first(150_000)  # mark: call chain
write()
