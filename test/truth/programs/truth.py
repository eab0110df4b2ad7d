"""Measures a program's own cost: reads thread clocks around blocks of lines, and writes them as JSON at the end.

Blocks last milliseconds and reading a clock costs a microsecond, so measuring hardly changes the cost; its own cost is
on lines of this file and on the `with` lines.
"""

import ctypes
import json
import os
import random
import resource
import sys
import threading
import time

answer, seconds = sys.argv[1], float(sys.argv[2])
# Functions in C; a call releases the interpreter lock.
helper = ctypes.CDLL(sys.argv[3])
helper.sleep_for.argtypes = [ctypes.c_double]
helper.sleep_for.restype = ctypes.c_int
helper.burn.argtypes = [ctypes.c_long]
helper.burn.restype = ctypes.c_uint64
helper.write_clocks_at_end.argtypes = [ctypes.c_char_p]
regions = {}
threads = {}
facts = {}
files = threading.local()


class region:
    """Adds the thread's CPU time in a `with` block, and the kernel's part of that, to the region of this name."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.ticks = ticks()
        self.cpu = time.thread_time_ns()

    def __exit__(self, *error):
        cpu_s = (time.thread_time_ns() - self.cpu) / 1e9
        all_ticks, user_ticks = (now - then for now, then in zip(ticks(), self.ticks))
        add(self.name, cpu_s=cpu_s, ticks=all_ticks, user_ticks=user_ticks)


def ticks():
    """This thread's clocks for profiling and virtual time: the kernel's ticks, all of them and those in user mode.

    The clocks advance by whole ticks of a nominal length. Only their ratio over many blocks is meaningful.
    """
    clock = ~threading.get_native_id() << 3 | 4
    return time.clock_gettime_ns(clock), time.clock_gettime_ns(clock | 1)


class wait:
    """Like region, for lines that wait: also adds the time off the CPU, without time in the run queue."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.queued = run_queue_s()
        self.cpu = time.thread_time_ns()
        self.wall = time.perf_counter_ns()

    def __exit__(self, *error):
        wall = (time.perf_counter_ns() - self.wall) / 1e9
        cpu = (time.thread_time_ns() - self.cpu) / 1e9
        off = wall - cpu - (run_queue_s() - self.queued)
        add(self.name, cpu_s=cpu, wait_s=max(off, 0))


def add(name, **spent):
    """Adds seconds of any kind to a region. No two threads share a region."""
    known = regions.setdefault(name, {})
    for kind, value in spent.items():
        known[kind] = known.get(kind, 0) + value


def run_queue_s():
    """Seconds this thread has been ready to run without getting a core, by the kernel's count."""
    if not hasattr(files, "schedstat"):
        files.schedstat = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
    return int(os.pread(files.schedstat, 100, 0).split()[1]) / 1e9


def going(share=1.0):
    """True until this thread has used its share of the program's CPU seconds."""
    return time.thread_time() < seconds * share


def again():
    """Like going(), for rounds of several blocks on one thread; keeps the rounds out of step with the kernel's tick.

    If rounds lasted a whole number of ticks (4 ms), every tick, and every sample taken then, would meet the same lines.
    A block of random length up to a tick prevents that.
    """
    helper.burn(random.randrange(2_400_000))
    return going()


def thread_ends(name):
    """Notes the CPU time of this thread. Every thread but the main one calls this last."""
    threads[name] = {"tid": threading.get_native_id(), "cpu_s": time.thread_time()}


def write():
    """Writes the answer of this process. Every process of the program calls this last.

    Python cannot measure its own shutdown, so the helper writes the clocks once more when the process exits.
    """
    path = f"{answer}.{os.getpid()}"
    usage = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    thread_ends("main")
    for known in regions.values():
        if known.get("ticks"):
            known["system_s"] = known["cpu_s"] * (1 - known["user_ticks"] / known["ticks"])
    answers = {
        "pid": os.getpid(),
        "ppid": os.getppid(),
        "threads": threads,
        "regions": regions,
        "facts": facts,
        "process_cpu_s": time.process_time(),
        "user_s": usage.ru_utime,
        "system_s": usage.ru_stime,
        "children_cpu_s": children.ru_utime + children.ru_stime,
    }
    with open(f"{path}.json", "w") as file:
        json.dump(answers, file)
    helper.write_clocks_at_end(f"{path}.end".encode())
