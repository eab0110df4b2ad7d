"""
Greenlets at different depths of C frames switch all the time: `greenlets.py SECONDS`. Each has functions of its own, so
a stack of two of them is known.
"""

import sys
import time

import greenlet


def make(name):
    space = {"main": main, "time": time}
    exec(
        compile(
            f"def {name}_leaf():\n"
            "    while True:\n"
            "        sum(range(20))\n"
            "        main.switch(1)\n"
            f"def {name}_step(depth):\n"
            "    if depth == 0:\n"
            f"        return {name}_leaf()\n"
            f"    return max(map(lambda _: {name}_step(depth - 1), (0,)))\n",
            f"{name}.py",
            "exec",
        ),
        space,
    )
    return space[f"{name}_step"]


main = greenlet.getcurrent()
depths = {"red": 3, "green": 9, "blue": 15, "black": 25, "white": 6, "grey": 19}
greenlets = [
    greenlet.greenlet(lambda step=make(name), depth=depth: step(depth))
    for name, depth in depths.items()
]
end = time.thread_time() + float(sys.argv[1])
switches = 0
while time.thread_time() < end:
    for each in greenlets:
        switches += each.switch()
print("fine")
