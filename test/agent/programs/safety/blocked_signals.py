"""Two threads that block every signal there is, before and after they begin, and work."""

import signal
import threading
import time


def work():
    end = time.thread_time() + 0.5
    while time.thread_time() < end:
        sum(range(100))


def block_and_work():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    work()


first = threading.Thread(target=block_and_work)
first.start()
first.join()
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
second = threading.Thread(target=work)
second.start()
second.join()
