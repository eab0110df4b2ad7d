"""Modules of the same shape, one after the other: the code of each is freed before the next one's is made."""

import time


def run(name):
    source = "began = thread_time()\nwhile thread_time() < began + 0.3:\n    pass\n"
    exec(compile(source, name, "exec"), {"thread_time": time.thread_time})


for name in ("/first.py", "/second.py", "/third.py"):
    run(name)
