"""MODE: allocates what the lines say, in bytes that the test knows."""

import ctypes
import mmap
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc

MB = 1 << 20


def small(count):
    return [bytes(967) for _ in range(count)]  # mark: small


def tiny(count):
    return [bytes(67) for _ in range(count)]  # mark: tiny


def large(count):
    return [bytearray(MB) for _ in range(count)]  # mark: large


def temporary(count):
    for _ in range(count):
        bytearray(MB)  # mark: temporary


def grown(megabytes):
    block = bytearray()
    step = bytes(MB)
    for _ in range(megabytes):
        block += step  # mark: grown
    return block


private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS


def touch(block, size):
    block[0 : size : mmap.PAGESIZE] = bytes(size // mmap.PAGESIZE)


def mapped(count):
    blocks = [mmap.mmap(-1, MB, private) for _ in range(count)]  # mark: mapped
    for block in blocks:
        touch(block, MB)
    return blocks


def reserve():
    block = mmap.mmap(-1, 64 * MB, private)  # mark: reserved
    touch(block, 4 * MB)
    return block


def for_a_moment():
    for _ in range(3):
        block = mmap.mmap(-1, 16 * MB, private)  # mark: for_a_moment
        touch(block, 16 * MB)
        block.close()
        mmap.mmap(-1, 16 * MB, private).close()  # mark: never_touched


def given_back():
    block = mmap.mmap(-1, 32 * MB, private)  # mark: given_back
    touch(block, 32 * MB)
    return block


def work():
    return small(20_000), tiny(200_000), large(20), temporary(30), grown(16), mapped(10)


def child_work():
    kept = large(7)
    assert len(kept) == 7
    sys.stdout.flush()


def go_on(seconds):
    """Until it was looked at, also where others want the processors."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        for _ in range(1000):
            pass


mode = sys.argv[1]
if mode == "lines":
    kept = work()
    go_on(0.05)
    print([len(part) for part in kept if part])
elif mode == "tracemalloc":
    before = [large(3)]
    tracemalloc.start()
    kept = work()
    for statistic in tracemalloc.take_snapshot().statistics("lineno"):
        frame = statistic.traceback[0]
        if frame.filename == __file__ and statistic.count > 1 and statistic.size > 100_000:
            # The agent once asks Python for its frames, which then makes an object of each.
            print(frame.lineno, round(statistic.count, -1), statistic.size // 100_000)
    tracemalloc.stop()
    again = large(5)
    tracemalloc.start()
    more = large(2)
    tracemalloc.stop()
    del kept
    kept = work()
    go_on(0.05)
elif mode == "stopped":
    # Started with the interpreter.
    tracemalloc.stop()
    go_on(0.5)
    kept = tiny(200_000)
elif mode == "reserved":
    for_a_moment()
    kept = [reserve(), given_back()]
    go_on(0.7)
    kept[1].madvise(mmap.MADV_DONTNEED)
    # Looks are as far apart as they are costly, which on a busy machine they are.
    go_on(1.5)
elif mode == "handover":
    import queue

    waiting = queue.Queue(8)

    def give_back():
        while (block := waiting.get()) is not None:
            del block

    consumer = threading.Thread(target=give_back)
    consumer.start()
    for _ in range(100):
        waiting.put(bytearray(MB))  # mark: handover
        waiting.put([bytes(967) for _ in range(1000)])  # mark: handover_small
    waiting.put(None)
    consumer.join()
elif mode == "threads":
    # More than can be kept at once: each allocates a little, and lives shortly.
    kept = []

    def allocate():
        kept.append(bytearray(100_000))  # mark: in_thread

    for _ in range(40):
        threads = [threading.Thread(target=allocate) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(len(kept))
elif mode == "fork":
    kept = large(5)
    child = os.fork()
    if child == 0:
        del kept
        child_work()
        os._exit(0)
    os.waitpid(child, 0)
    subprocess.run([sys.executable, __file__, "child"], check=True)
    os.execv(sys.executable, [sys.executable, __file__, "child"])
elif mode == "child":
    child_work()
elif mode == "fork_threads":
    # Children that are forked while other threads allocate, from threads that do.
    stop = False

    def busy():
        while not stop:
            [bytes(967) for _ in range(100)] and bytearray(MB)

    def fork():
        for _ in range(8):
            child = os.fork()
            if child == 0:
                kept = [bytearray(MB) for _ in range(20)]
                os._exit(len(kept))
            codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    codes = []
    others = [threading.Thread(target=busy) for _ in range(3)]
    forking = [threading.Thread(target=fork) for _ in range(2)]
    for thread in others + forking:
        thread.start()
    for thread in forking:
        thread.join()
    stop = True
    print(codes == [20] * 16)
elif mode == "handler":
    kept = []
    signal.signal(signal.SIGALRM, lambda *_: kept.append(bytearray(MB)))  # mark: handler
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    while len(kept) < 100:
        small(100)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(len(kept) >= 100)
elif mode == "ctypes":
    libc = ctypes.CDLL(None)
    libc.calloc.restype = ctypes.c_void_p
    libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
    for _ in range(20):
        libc.calloc(1024, 1024)  # mark: calloc
