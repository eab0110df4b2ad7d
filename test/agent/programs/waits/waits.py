"""Waits for many kinds of things while two threads want the interpreter lock. Prints how long each took."""

import os
import queue
import select
import socket
import subprocess
import threading
import time

stop = threading.Event()
took = {}
nap = 0.4


def burn():
    total = 0
    while not stop.is_set():
        for i in range(1000):
            total += i


def timed(name, call, begin=None):
    """Who `call` waits for naps from `begin` on, so that it takes no less, however late it got a core."""
    began = time.monotonic()
    if begin:
        begin()
    call()
    took[name] = time.monotonic() - began


def after_nap(call, *args):
    begun = threading.Event()

    def act():
        begun.wait()
        time.sleep(nap)
        call(*args)

    threading.Thread(target=act).start()
    return begun.set


def held(lock):
    begun, taken = threading.Event(), threading.Event()

    def hold():
        with lock:
            taken.set()
            begun.wait()
            time.sleep(nap)

    threading.Thread(target=hold).start()
    taken.wait()
    return begun.set


def work():
    near, far = socket.socketpair()
    reader, writer = os.pipe()
    condition = threading.Condition()
    lock, rlock = threading.Lock(), threading.RLock()
    begin = held(lock)
    timed("lock", lambda: lock.acquire(), begin)  # mark: lock
    begin = held(rlock)
    timed("rlock", lambda: rlock.acquire(), begin)  # mark: rlock
    with condition:
        timed("condition", lambda: condition.wait(nap))  # mark: condition
    timed("event", lambda: threading.Event().wait(nap))  # mark: event
    jobs = queue.Queue()
    begin = after_nap(jobs.put, 1)
    timed("queue", lambda: jobs.get(), begin)  # mark: queue
    empty = threading.Semaphore(0)
    timed("semaphore", lambda: empty.acquire(timeout=nap))  # mark: semaphore
    timed("sleep", lambda: time.sleep(nap))  # mark: sleep
    begin = after_nap(far.send, b"x")
    timed("recv", lambda: near.recv(1), begin)  # mark: recv
    near.settimeout(5)
    begin = after_nap(far.send, b"x")
    timed("timeout", lambda: near.recv(1), begin)  # mark: timeout
    timed("select", lambda: select.select([near], [], [], nap))  # mark: select
    begin = after_nap(os.write, writer, b"x")
    timed("pipe", lambda: os.read(reader, 1), begin)  # mark: pipe
    process = subprocess.Popen(["sh", "-c", f"read word; exec sleep {nap}"], stdin=subprocess.PIPE)
    timed("process", lambda: process.wait(), process.stdin.close)  # mark: process


burners = [threading.Thread(target=burn, name="burner") for _ in range(2)]
for each in burners:
    each.start()
worker = threading.Thread(target=work, name="waiter")
worker.start()
worker.join()
stop.set()
for name, seconds in took.items():
    print(name, seconds)
