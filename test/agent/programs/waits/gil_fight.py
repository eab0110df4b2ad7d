"""Two threads that both want the interpreter lock all the time."""

import threading
import time


def work(name):
    total = 0
    began = time.monotonic()
    end = time.thread_time() + 1.0
    while time.thread_time() < end:
        for i in range(1000):
            total += i
    print(name, time.thread_time(), time.monotonic() - began)


threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
