"""Small objects of many kinds, freed as soon as they are made, and all at once: the worst case for whoever looks at frees."""


class Point:
    __slots__ = ("x", "y")


for _ in range(6):
    for number in range(400_000):
        point = Point()
        text = str(number)
    lists = [[None] for _ in range(200_000)]
    table = {number: [number] for number in range(100_000)}
    del lists, table
