"""
churn_threads.py ALIVE ROUNDS: that many threads at once, again and again; each works and waits a little. Prints how many
there were, the CPU seconds of the process, and its resident memory now and at its highest, in KB.
"""

import sys
import threading
import time

alive, rounds = int(sys.argv[1]), int(sys.argv[2])
threading.stack_size(256 * 1024)
began = 0


def work(gate):
    total = 0
    for i in range(2000):
        total += i
    gate.wait()
    for i in range(2000):
        total += i


def status(key):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(key + ":"))


for _ in range(rounds):
    gate = threading.Barrier(alive + 1)
    threads = [threading.Thread(target=work, args=(gate,)) for _ in range(alive)]
    for thread in threads:
        thread.start()
        began += 1
    gate.wait()
    for thread in threads:
        thread.join()
time.sleep(0.2)
print(began, time.process_time(), status("VmRSS"), status("VmHWM"))
