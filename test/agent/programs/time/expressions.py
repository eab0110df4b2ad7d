"""Lines whose expressions cost known shares. Prints where the interpreter says that its instructions are."""

import json
import time

clock = time.thread_time


def spin(parts):
    end = clock() + 0.01 * parts
    while clock() < end:
        sum(range(200))
    return parts


def main():
    for _ in range(12):
        spin(3) + spin(1) + sum(range(20_000))  # mark: calls
    many = list(range(10_000))
    end = clock() + 0.8
    while clock() < end:
        len("é") + len(sorted(many, key=lambda n: -n % 99)) + sum(n for n in many)  # mark: nested


def positions(code):
    found = []
    if hasattr(code, "co_positions"):
        found += code.co_positions()
    for constant in code.co_consts:
        if hasattr(constant, "co_consts"):
            found += positions(constant)
    return found


main()
print(json.dumps(sorted({place for place in positions(main.__code__) if None not in place})))
