"""One line multiplies large integers: the interpreter's own arithmetic, which no call reaches."""

from truth import again, region, write

large = 3**40_000
other = 7**20_000


def multiply(rounds):
    for _ in range(rounds):  # mark: multiply
        product = large * other  # mark: multiply
    return product


def count(rounds):
    total = 0
    for number in range(rounds):  # mark: loop
        total += number & 7  # mark: loop
    return total


while again():
    with region("multiply"):
        multiply(12)
    with region("loop"):
        count(200_000)
write()
