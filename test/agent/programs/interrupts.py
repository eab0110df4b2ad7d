"""Calls the C library's blocking functions directly, where nobody retries what a signal interrupted; prints the count."""

import ctypes
import errno
import hashlib
import os
import select
import socket
import struct
import sys
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
seconds = float(sys.argv[1])


class timespec(ctypes.Structure):
    _fields_ = [("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long)]


class timeval(ctypes.Structure):
    _fields_ = [("tv_sec", ctypes.c_long), ("tv_usec", ctypes.c_long)]


def nanosleep():
    return libc.nanosleep(ctypes.byref(timespec(0, 20_000)), None)


def poll():
    return libc.poll(None, 0, 1)


def select_():
    return libc.select(0, None, None, None, ctypes.byref(timeval(0, 20)))


epoll = select.epoll()
events = ctypes.create_string_buffer(12)


def epoll_wait():
    return libc.epoll_wait(epoll.fileno(), events, 1, 1)


left, right = socket.socketpair()
# A receive with a time limit is one that the kernel never restarts by itself.
left.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 1000))
buffer = ctypes.create_string_buffer(10)


def recv():
    return libc.recv(left.fileno(), buffer, 10, 0)


reader, writer = os.pipe()


def answer():
    while os.read(reader, 1):
        os.write(answers[1], b"x")


answers = os.pipe()
threading.Thread(target=answer, daemon=True).start()


def read():
    os.write(writer, b"x")
    return libc.read(answers[0], buffer, 1)


stop = False


def busy():
    # Compiled code that needs no interpreter lock, so that the calls come as fast as they can.
    while not stop:
        hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 20_000)


background = threading.Thread(target=busy)
background.start()
for call in (nanosleep, poll, select_, epoll_wait, recv, read):
    interrupted = calls = 0
    end = time.monotonic() + seconds / 6
    while time.monotonic() < end:
        calls += 1
        ctypes.set_errno(0)
        if call() < 0 and ctypes.get_errno() == errno.EINTR:
            interrupted += 1
        # Some work between two calls, so that the thread has a running clock.
        sum(range(500))
    print(call.__name__.strip("_"), calls, interrupted)
stop = True
background.join()
