"""Two threads that both want the interpreter lock all the time, one for twice as long as the other."""

import threading

from truth import going, thread_ends, wait, write


def first():
    total = 0
    with wait("first"):
        while going(2 / 3):  # mark: first
            for number in range(20_000):  # mark: first
                total += number & 7  # mark: first
    thread_ends("first")


def second():
    total = 0
    with wait("second"):
        while going(1 / 3):  # mark: second
            for number in range(20_000):  # mark: second
                total += number & 3  # mark: second
    thread_ends("second")


threads = [threading.Thread(target=work) for work in (first, second)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
write()
