"""Many threads that are over before a tick meets each of them, of two lengths. Prints the CPU seconds of each line."""

import threading
import time

spent = [0.0, 0.0, 0.0]
lock = threading.Lock()


def work():
    times = [time.thread_time()]
    sum(range(180_000))  # mark: most
    times.append(time.thread_time())
    sum(range(80_000))  # mark: less
    times.append(time.thread_time())
    with lock:
        spent[0] += times[1] - times[0]
        spent[1] += times[2] - times[1]


def little():
    began = time.thread_time()
    sum(range(25_000))  # mark: little
    with lock:
        spent[2] += time.thread_time() - began


for _ in range(400):
    threads = [threading.Thread(target=target) for target in (work, little, little, little)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(*spent)
