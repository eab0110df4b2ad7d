"""Many places that take CPU time and memory for a while; waits for a file, then goes on. Prints what each of two lines did."""

import json
import os
import sys
import threading
import time

seconds = float(sys.argv[1])
go = sys.argv[2]
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


def work(until):
    while time.thread_time() < until:
        for function in functions:
            function(300)


def early():
    spin("early", time.thread_time() + 0.4)  # mark: early
    kept.append(bytearray(30_000_000))  # mark: kept


def late():
    spin("late", time.thread_time() + 0.4)  # mark: late


early()
threads = [threading.Thread(target=work, args=(seconds / 3,)) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("idle", flush=True)
deadline = time.monotonic() + 60
while not os.path.exists(go) and time.monotonic() < deadline:
    time.sleep(0.05)
late()
clocks["process"] = time.process_time()
print(json.dumps(clocks))
