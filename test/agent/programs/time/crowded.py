"""Threads that have no core of their own: prints what each knows of its time, as JSON.

Each measures its own wall time, CPU time and the kernel's count of time without a core.
"""

import hashlib
import json
import os
import subprocess
import sys
import threading
import time

data = bytes(1_000_000)
answers = {}
barrier = threading.Barrier(7)


def queued():
    with open("/proc/thread-self/schedstat") as file:
        return int(file.read().split()[1]) / 1e9


def measured(work):
    def run():
        first = queued()
        barrier.wait()
        before, wall, cpu = queued(), time.monotonic(), time.thread_time()
        work()
        answer = {
            "work": work.__name__,
            "wall": time.monotonic() - wall,
            "cpu": time.thread_time() - cpu,
            "queue": queued() - before,
        }
        # The last look at a thread comes some milliseconds before its end.
        time.sleep(0.3)
        answers[threading.get_native_id()] = {**answer, "life": queued() - first}

    return threading.Thread(target=run)


def hash_on():
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        hashlib.sha256(data).digest()  # mark: hash


def fight():
    end = time.monotonic() + 1.5
    count = 0
    while time.monotonic() < end:
        count += 1


def sleeper():
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        time.sleep(0.05)  # mark: sleep


if len(sys.argv) > 1:
    # Beside two busy processes of a higher priority.
    os.nice(10)
    before, wall, waits = queued(), time.monotonic(), 0
    while time.monotonic() < wall + 1.5:
        began = queued()
        time.sleep(0.002)  # mark: nap
        waits += queued() - began
        hashlib.sha256(data).digest()  # mark: work
    print(json.dumps({"wall": time.monotonic() - wall, "queue": queued() - before, "nap": waits}))
    sys.exit()

# One core for all of them.
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
threads = [measured(work) for work in (hash_on, hash_on, hash_on, fight, fight, sleeper)]
for thread in threads:
    thread.start()
barrier.wait()
for thread in threads:
    thread.join()
busy = "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end: pass"
others = [subprocess.Popen([sys.executable, "-S", "-c", busy]) for _ in range(2)]
nice = subprocess.run([sys.executable, __file__, "nice"], stdout=subprocess.PIPE, check=True)
for other in others:
    other.kill()
    other.wait()
print(json.dumps({"threads": answers, "nice": json.loads(nice.stdout)}))
