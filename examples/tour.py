"""A tour of everything a line can cost, in about seven seconds.

Click the flame at the top right and watch the numbers appear beside the
lines. Each function spends its time in a different way; the comment above
it says what to look for. Hover a line for the whole story.
"""

import hashlib
import json
import os
import queue
import random
import tempfile
import threading
import time
import zlib

try:
    import numpy
except ImportError:  # The tour runs without numpy; it then skips one stop.
    numpy = None

SECONDS_PER_STOP = 0.8


def until_time_is_up(seconds=SECONDS_PER_STOP):
    """Yields again and again until the time is up."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        yield


# Python: the interpreter itself is busy. Nearly all of the bar is Python.
def count_primes():
    primes = 0
    for _ in until_time_is_up():
        for number in range(2, 1500):
            divisor = 2
            while divisor * divisor <= number:
                if number % divisor == 0:
                    break
                divisor += 1
            else:
                primes += 1
    return primes


# Calls: the line that calls has a large total and a small self; the cost is
# in what it called. Recursion counts once, however deep.
def fibonacci(n):
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


def climb():
    for _ in until_time_is_up():
        fibonacci(15)


# Native: each line is one call into compiled code. Hover to see which
# function of which library.
def compiled_code():
    values = [random.random() for _ in range(100_000)]
    text = json.dumps(values)
    data = text.encode()
    for _ in until_time_is_up(1.2):
        sorted(values)
        json.loads(text)
        zlib.compress(data, level=1)
        hashlib.pbkdf2_hmac("sha256", b"a", b"b", 90_000)


# Native again: numpy. Hover to see which of its loops did the work.
def multiply_arrays():
    if numpy is None:
        print("numpy is not installed: skipping that stop of the tour")
        return
    a = numpy.random.rand(1_000_000)
    b = numpy.random.rand(1_000_000)
    for _ in until_time_is_up():
        c = a * b
        c.sum()


# Generators and comprehensions: each has lines, and a cost, of its own.
def squares(limit):
    for number in range(limit):
        yield number * number


def comprehend():
    for _ in until_time_is_up():
        sum(square for square in squares(10_000) if square % 3)
        {word: len(word) for word in map(str, range(10_000))}


# Memory costs time as well: fresh pages come from the kernel (system), and a
# list of new objects is built in compiled code (native).
def remember():
    kept = []
    for _ in range(12):
        kept.append(bytearray(8_000_000))  # stays: 96 MB at the end
        scratch = list(range(400_000))  # comes and goes
        del scratch
    return kept


# System: the processor works for you inside the kernel.
def ask_the_kernel():
    block = bytes(1 << 20)
    with tempfile.TemporaryFile() as file:
        for _ in until_time_is_up():
            file.seek(0)
            file.write(block)
            file.flush()
            os.urandom(1 << 16)


# Waiting: no processor time at all, so nothing is hot here. Switch the metric
# to wall clock or waiting in the status bar.
def wait_for_others():
    results = queue.Queue()

    def slow_answer():
        time.sleep(0.5)  # waiting
        results.put("done")

    worker = threading.Thread(target=slow_answer, name="slow-answer")
    worker.start()
    answer = results.get()  # waiting for another thread
    worker.join()
    time.sleep(0.5)  # waiting for nobody
    return answer


def main():
    started = time.perf_counter()
    count_primes()
    climb()
    compiled_code()
    multiply_arrays()
    comprehend()
    kept = remember()
    ask_the_kernel()
    wait_for_others()
    megabytes = sum(map(len, kept)) / 1e6
    seconds = time.perf_counter() - started
    print(f"The tour took {seconds:.1f} s and kept {megabytes:.0f} MB.")


if __name__ == "__main__":
    main()
