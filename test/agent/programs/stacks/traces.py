"""What the interpreter holds after a while, one number per line."""

import gc
import sys
import time


def work(seconds):
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        pass


def audit(event, _):
    events.append(event)


events = []
sys.addaudithook(audit)
work(0.2)
gc.collect()
print(sys.getallocatedblocks())
print(len(gc.get_objects()))
print(sys.getrefcount(work.__code__))
print(sys.exc_info() == (None, None, None))
print(len(events))
