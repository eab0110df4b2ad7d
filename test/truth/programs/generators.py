"""Generators that compute between yields, their consumer, and a pipeline of three."""

from truth import again, region, write


def produce(rounds):
    while True:
        total = 0
        with region("produce"):
            for number in range(rounds):  # mark: produce
                total += number & 7  # mark: produce
        yield total


def consume(values, rounds):
    for value in values:
        with region("consume"):
            for number in range(rounds):  # mark: consume
                value ^= number  # mark: consume
        if not again():
            return
        with region("pipeline"):
            pipeline(20_000)


def numbers(count):
    for number in range(count):  # mark: pipeline
        yield number  # mark: pipeline


def doubled(values):
    for value in values:  # mark: pipeline
        yield value * 2  # mark: pipeline


def pipeline(count):
    for value in doubled(number + 1 for number in numbers(count)):  # mark: pipeline
        value += 1  # mark: pipeline


consume(produce(60_000), 30_000)
write()
