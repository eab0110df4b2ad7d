"""Many places take CPU time and memory until somebody makes a file; then waits for another. Prints what two lines did."""

import json
import os
import sys
import threading
import time

enough, go = sys.argv[1:]
deadline = time.monotonic() + 45
kept = []
clocks = {"early": 0.0, "late": 0.0}


def make(number):
    """A function of its own, so that there are many stacks."""
    scope = {}
    exec(f"def f{number}(n):\n    return [str(i + {number}) for i in range(n)]\n", scope)
    return scope[f"f{number}"]


functions = [make(number) for number in range(60)]


def spin(name, until):
    begun = time.thread_time()
    while time.thread_time() < until:
        pass  # mark: spin
    clocks[name] += time.thread_time() - begun


def is_awaited(path):
    return not os.path.exists(path) and time.monotonic() < deadline


def work():
    while is_awaited(enough):
        for function in functions:
            function(300)


def early():
    spin("early", time.thread_time() + 0.4)  # mark: early
    kept.append(bytearray(30_000_000))  # mark: kept


def late():
    spin("late", time.thread_time() + 0.4)  # mark: late


early()
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("idle", flush=True)
while is_awaited(go):
    time.sleep(0.05)
late()
clocks["process"] = time.process_time()
print(json.dumps(clocks))
