"""Threads with names of all kinds."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor


def wait():
    time.sleep(0.5)


def rename():
    threading.current_thread().name = "before"
    time.sleep(0.5)
    threading.current_thread().name = "after"
    time.sleep(1.5)


for name in ("plain", "wörker", "日本語", "x" * 200):
    threading.Thread(target=wait, name=name).start()
threading.Thread(target=rename).start()
with ThreadPoolExecutor(2, thread_name_prefix="pool") as pool:
    list(pool.map(lambda _: time.sleep(0.3), range(4)))
