"""Children that end by a signal, in the way that the argument names."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time


def work(_=None):
    end = time.thread_time() + 0.05
    while time.thread_time() < end:
        sum(range(1000))


def crash(number):
    work()
    os.kill(os.getpid(), number)


def child(ready):
    work()
    os.write(ready, b"1")
    time.sleep(60)


def start(target, *arguments):
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    process.start()
    return process


way = sys.argv[1]
reader, writer = os.pipe()
if way == "crash":
    process = start(crash, signal.SIGSEGV)
elif way == "killed":
    process = start(crash, signal.SIGKILL)
else:
    process = start(child, writer)
    os.read(reader, 1)
    if way == "terminate":
        process.terminate()
    elif way == "kill":
        process.kill()
    elif way == "shell":
        subprocess.call(["/bin/sh", "-c", f"kill {process.pid}"])
process.join()
print(process.exitcode)
