"""Two hundred threads that live for a few milliseconds each."""

import threading
import time


def work():
    end = time.thread_time() + 0.005
    total = 0
    while time.thread_time() < end:
        for i in range(100):
            total += i


for _ in range(20):
    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(time.process_time())
