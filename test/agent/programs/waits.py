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


def hold(lock, taken):
    with lock:
        taken.set()
        time.sleep(nap)


def held(lock):
    taken = threading.Event()
    threading.Thread(target=hold, args=(lock, taken)).start()
    taken.wait()
    return lock


def timed(name, call):
    began = time.monotonic()
    call()
    took[name] = time.monotonic() - began


def work():
    near, far = socket.socketpair()
    reader, writer = os.pipe()
    condition = threading.Condition()
    lock = held(threading.Lock())
    timed("lock", lambda: lock.acquire())  # mark: lock
    rlock = held(threading.RLock())
    timed("rlock", lambda: rlock.acquire())  # mark: rlock
    with condition:
        timed("condition", lambda: condition.wait(nap))  # mark: condition
    timed("event", lambda: threading.Event().wait(nap))  # mark: event
    jobs = queue.Queue()
    threading.Timer(nap, jobs.put, (1,)).start()
    timed("queue", lambda: jobs.get())  # mark: queue
    empty = threading.Semaphore(0)
    timed("semaphore", lambda: empty.acquire(timeout=nap))  # mark: semaphore
    timed("sleep", lambda: time.sleep(nap))  # mark: sleep
    threading.Timer(nap, far.send, (b"x",)).start()
    timed("recv", lambda: near.recv(1))  # mark: recv
    near.settimeout(5)
    threading.Timer(nap, far.send, (b"x",)).start()
    timed("timeout", lambda: near.recv(1))  # mark: timeout
    timed("select", lambda: select.select([near], [], [], nap))  # mark: select
    threading.Timer(nap, os.write, (writer, b"x")).start()
    timed("pipe", lambda: os.read(reader, 1))  # mark: pipe
    # It takes its nap when told to, not while this thread still waits for the interpreter lock.
    process = subprocess.Popen(["sh", "-c", f"read word; exec sleep {nap}"], stdin=subprocess.PIPE)
    process.stdin.close()
    timed("process", lambda: process.wait())  # mark: process


burners = [threading.Thread(target=burn, name="burner") for _ in range(2)]
for each in burners:
    each.start()
worker = threading.Thread(target=work, name="waiter")
worker.start()
worker.join()
stop.set()
for name, seconds in took.items():
    print(name, seconds)
