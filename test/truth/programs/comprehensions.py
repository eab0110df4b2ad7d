"""Comprehensions, generator expressions and lambdas: several scopes on one line."""

from truth import again, region, write

values = list(range(20_000))


def count(rounds):
    total = 0
    for number in range(rounds):  # mark: loop
        total += number & 7  # mark: loop
    return total


while again():
    with region("list"):
        for _ in range(10):  # mark: list
            [value * 2 for value in values if value & 1]  # mark: list
    with region("dict"):
        for _ in range(5):  # mark: dict
            {value: value + 1 for value in values}  # mark: dict
    with region("nested"):
        for _ in range(5):  # mark: nested
            [[inner for inner in (value, value)] for value in values[:4000]]  # mark: nested
    with region("generator"):
        for _ in range(10):  # mark: generator
            sum(value * 2 for value in values)  # mark: generator
    with region("key"):
        for _ in range(5):  # mark: key
            sorted(values, key=lambda value: -value)  # mark: key
    with region("map"):
        for _ in range(10):  # mark: map
            list(map(lambda value: value + 1, values))  # mark: map
    with region("loop"):
        count(300_000)
write()
