"""Work of several kinds in several threads; prints its own CPU time as the last thing it does."""

import hashlib
import os
import threading
import time


def python():
    total = 0
    for i in range(6_000_000):
        total += i & 7


def native():
    data = b"x" * 1_000_000
    for _ in range(400):
        hashlib.sha256(data).digest()


def system():
    zeros = os.open("/dev/zero", os.O_RDONLY)
    for _ in range(800):
        os.read(zeros, 1_000_000)
    os.close(zeros)


threads = [threading.Thread(target=target) for target in (python, native, system)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
python()
time.sleep(0.1)
print(time.process_time())
