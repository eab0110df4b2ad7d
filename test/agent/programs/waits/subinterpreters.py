"""Runs code in three interpreters of their own, in three threads. Prints how much CPU time each thread used."""

import threading
import time

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

code = """
import time, zlib

data = bytes(1000000)
def inner(count):
    return sum(i * i for i in range(count))

end = time.thread_time() + 0.4
while time.thread_time() < end:
    inner(1000)
    zlib.crc32(data)
    time.sleep(0.001)
time.sleep(0.3)
"""
run = getattr(interpreters, "run_string", None) or interpreters.exec
used = []


def work():
    interpreter = interpreters.create()
    run(interpreter, code)  # mark: run
    interpreters.destroy(interpreter)
    used.append(time.thread_time())


threads = [threading.Thread(target=work, name="own interpreter") for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*used)
