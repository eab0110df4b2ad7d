"""Processes that end with their last thread, not with their first."""

import ctypes
import os
import sys
import threading
import time


def fork_in_thread():
    def work():
        pid = os.fork()
        if pid == 0:
            # The child's only thread returns.
            print("child", flush=True)
        else:
            print("ended", os.waitpid(pid, 0)[1], flush=True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def first_exits():
    def work():
        time.sleep(0.2)
        print("last", flush=True)
        os.close(1)

    threading.Thread(target=work).start()
    ctypes.CDLL(None).pthread_exit(None)


def daemons():
    # Python ends daemon threads in the middle of what they do.
    def work():
        while True:
            time.sleep(0.001)

    for _ in range(20):
        threading.Thread(target=work, daemon=True).start()
    time.sleep(0.05)
    print("done", flush=True)


globals()[sys.argv[1]]()
