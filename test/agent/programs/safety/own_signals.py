"""A program that uses every signal there is, real-time ones too: prints what it meets, the same in every run."""

import ctypes
import faulthandler
import os
import signal
import struct
import sys
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
every = set(range(1, signal.NSIG)) - {32, 33}
real_time = range(signal.SIGRTMIN, signal.SIGRTMAX + 1)


def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(100))


def handlers():
    print([(number, str(signal.getsignal(number))) for number in sorted(every)])


def masks():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, every)
    print(sorted(map(int, before)))
    spin(0.1)
    print(sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))))
    inherited = []
    thread = threading.Thread(
        target=lambda: inherited.extend(signal.pthread_sigmask(signal.SIG_UNBLOCK, real_time))
    )
    thread.start()
    thread.join()
    print(sorted(map(int, inherited)))
    print(sorted(map(int, signal.pthread_sigmask(signal.SIG_SETMASK, before))))
    print(sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))))


def waiting():
    """Waits for everything, in a thread that works too."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, every)
    got = []
    for number in (signal.SIGUSR1, signal.SIGRTMIN, signal.SIGRTMAX):
        signal.pthread_kill(threading.get_ident(), number)
        spin(0.03)
        got.append(int(signal.sigwait(every)))
        spin(0.03)
        got.append(signal.sigtimedwait(every, 0.02))
    print("waited", got)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def file_of_signals():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, every)
    full = ctypes.create_string_buffer(b"\xff" * 128, 128)
    file = libc.signalfd(-1, full, os.O_NONBLOCK)
    got = []
    for number in (signal.SIGUSR2, signal.SIGRTMIN + 5, signal.SIGALRM):
        spin(0.03)
        signal.pthread_kill(threading.get_ident(), number)
        spin(0.03)
        got.append(struct.unpack_from("I", os.read(file, 128))[0])
        try:
            os.read(file, 128)
        except BlockingIOError:
            pass
    print("read", got)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Stack(ctypes.Structure):
    _fields_ = [("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]


def alternate_stacks():
    """Stacks of every size, none of which is overrun."""
    for size in (2048, 4096, 8192, 65536):
        memory = ctypes.create_string_buffer(b"\xa5" * (65536 + size), 65536 + size)
        mine = Stack(ctypes.addressof(memory) + 65536, 0, size)
        made = libc.sigaltstack(ctypes.byref(mine), None)
        spin(0.1)
        seen = Stack()
        libc.sigaltstack(None, ctypes.byref(seen))
        intact = memory.raw[:65536] == b"\xa5" * 65536
        print("stack", made, seen.size == size, seen.sp == mine.sp, intact)
        libc.sigaltstack(ctypes.byref(Stack(None, 2, 0)), None)


def real_time_handlers():
    """Every real-time signal, the one that nobody else used until now too."""
    seen = []
    for number in real_time:
        old = signal.signal(number, lambda number, _: seen.append(number))
        print(number, old == signal.SIG_DFL, end=" ")
    spin(0.1)
    for number in real_time:
        os.kill(os.getpid(), number)
        spin(0.002)
    print(seen == list(real_time), [n for n in real_time if seen.count(n) != 1])
    for number in real_time:
        signal.signal(number, signal.SIG_DFL)
    spin(0.1)


def killed():
    """A signal nobody handles ends a process, whichever it is."""
    ends = []
    for number in real_time:
        pid = os.fork()
        if pid == 0:
            os.kill(os.getpid(), number)
            time.sleep(5)
            os._exit(0)
        ends.append(os.waitpid(pid, 0)[1] == number)
    print("killed", all(ends), ends.count(False))


def fault():
    faulthandler.enable(all_threads=False)
    faulthandler._sigsegv()


if len(sys.argv) > 1:
    fault()
handlers()
masks()
waiting()
file_of_signals()
alternate_stacks()
killed()
real_time_handlers()
handlers()
