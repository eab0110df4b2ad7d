"""Greenlets at different depths of C frames switch all the time."""

import sys

import greenlet


def deep(depth, then):
    return then() if depth == 0 else max(map(lambda _: deep(depth - 1, then), (0,)))


def body():
    while True:
        main.switch(1)


main = greenlet.getcurrent()
greenlets = [
    greenlet.greenlet(lambda depth=depth: deep(depth, body)) for depth in (3, 9, 15, 25, 6, 19)
]
switches = 0
for _ in range(60_000 * int(sys.argv[1])):
    for each in greenlets:
        switches += each.switch()
print(switches)
