"""Small objects, made and kept: the worst case for whoever looks at allocations."""


def keep(count):
    kept = []
    add = kept.append
    for number in range(count):
        add((number, number + 1000))
    return kept


for _ in range(10):
    keep(500_000)
