"""
Everything at once that has ever led a sampler astray: `stress.py SECONDS [SEED]`. Each part returns a number that is
the same each time. Prints `fine` and the sum of them; what differs once is said, and ends the program.
"""

import asyncio
import ctypes
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings

try:
    import greenlet
except ImportError:
    greenlet = None

sys.setrecursionlimit(5000)
# A thread that was joined is counted for a moment longer, and from 3.12 Python warns of that when it forks.
warnings.simplefilter("ignore", DeprecationWarning)
FOLDER = tempfile.mkdtemp()
HERE = os.path.dirname(os.path.abspath(__file__))
CALL = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long)
LIBRARIES = 3


def compile_library(name, source, *flags):
    made = os.path.join(FOLDER, name + ".so")
    subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", *flags, "-o", made, source, "-ldl"], check=True
    )
    return made


def make_libraries():
    made = []
    for number in range(LIBRARIES):
        source = os.path.join(FOLDER, f"spin{number}.c")
        with open(source, "w") as file:
            for i in range(60 * (number + 1)):
                file.write(
                    f"int f{i}(int x) {{ volatile int y = x; for (int i = 0; i < 3; i++) y += i * {i}; return y; }}\n"
                )
            file.write(
                "long spin(long n) { volatile long s = 0; for (long i = 0; i < n; i++) s += i; return s; }\n"
            )
        made.append(compile_library(f"spin{number}", source))
    return made


compiled = ctypes.CDLL(compile_library("stress", os.path.join(HERE, "stress.c")))
for each in (
    compiled.borrowed,
    compiled.generated,
    compiled.unloaded,
    compiled.fiber,
    compiled.deep,
):
    each.restype = ctypes.c_long
compiled.borrowed.argtypes = compiled.generated.argtypes = [ctypes.c_long]
compiled.unloaded.argtypes = [ctypes.c_char_p, ctypes.c_long]
compiled.fiber.argtypes = [CALL, ctypes.c_long]
compiled.deep.argtypes = [CALL, ctypes.c_long, ctypes.c_long]
libraries = make_libraries()


# ---- Parts ----


def numbers(n):
    for i in range(n):
        yield i


async def nothing(n):
    return n


async def awaiting(n):
    return await nothing(n) + await nothing(1)


async def agen(n):
    for i in range(n):
        yield i


def drive(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it has not come to its end")


def at_depth(depth, part):
    return at_depth(depth - 1, part) if depth else part()


def make_generators():
    total = 0
    for i in range(40):
        numbers(i)
        total += sum(numbers(3))
    return total


def make_coroutines():
    return sum(drive(awaiting(i)) for i in range(30))


def generators():
    return sum(at_depth(depth, make_generators) for depth in range(2, 400, 7))


def coroutines():
    return sum(at_depth(depth, make_coroutines) for depth in range(2, 400, 7))


def edges():
    """Around each edge of a chunk of the data stack, which is one of these depths."""
    total = 0
    for depth in range(100, 220):
        total += at_depth(depth, lambda: sum(1 for _ in range(40) if numbers(1)))
    return total


def async_generators():
    async def use():
        return [n async for n in agen(5)]

    async def all_of_them():
        return sum(map(len, await asyncio.gather(*(use() for _ in range(20)))))

    return (
        asyncio.run(all_of_them()) if threading.current_thread() is threading.main_thread() else 100
    )


def exceptions():
    def fail(depth):
        try:
            if depth:
                fail(depth - 1)
            raise ValueError(depth)
        finally:
            [key for key in range(3)]

    caught = 0
    for depth in range(0, 200, 11):
        try:
            fail(depth)
        except ValueError:
            caught += 1
    return caught


def callbacks():
    total = sum(sorted(range(200), key=lambda value: -value)[:10])
    twice = CALL(lambda value: value * 2)
    for depth in (0, 1, 7, 40):
        total += compiled.deep(twice, depth, depth)
    return total


def borrowed():
    return compiled.borrowed(4_000_000)


def generated():
    return sum(compiled.generated(200_000) for _ in range(8))


def unloaded():
    return sum(compiled.unloaded(random.choice(libraries).encode(), 100_000) for _ in range(6))


def fibers():
    spun = compiled.fiber(ctypes.cast(None, CALL), 300_000)
    # From 3.14 Python looks at where the stack is, and takes another one for an overflow.
    if sys.version_info < (3, 14):
        spun += compiled.fiber(CALL(lambda value: sum(numbers(value))), 300)
    else:
        spun += sum(numbers(300))
    return spun


def greenlets():
    if greenlet is None:
        return 7 * 40

    def body():
        while True:
            home.switch(7)

    def down(depth):
        return body() if depth == 0 else max(map(lambda _: down(depth - 1), (0,)))

    home = greenlet.getcurrent()
    others = [greenlet.greenlet(lambda depth=depth: down(depth)) for depth in (1, 3, 9, 15, 25)]
    return sum(each.switch() for _ in range(8) for each in others)


def memory():
    kept = [bytearray(size) for size in range(0, 400_000, 4099)]
    grown = []
    for i in range(3000):
        grown.append(str(i))
    return len(kept) + len(grown)


def fork():
    child = os.fork()
    if child == 0:
        try:
            make_generators()
            os._exit(7)
        finally:
            os._exit(1)
    return os.WEXITSTATUS(os.waitpid(child, 0)[1])


def execute():
    code = "print(sum(x for x in range(1000)))"
    return int(
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout
    )


PLAIN = [
    generators,
    coroutines,
    edges,
    exceptions,
    callbacks,
    borrowed,
    generated,
    unloaded,
    fibers,
    greenlets,
    memory,
]
ALONE = [async_generators, fork, execute]


def check(part, known, lock):
    result = part()
    with lock:
        before = known.setdefault(part.__name__, result)
    if before != result:
        failures.append(f"{part.__name__} was {before} and is {result}")


def threads(known, lock):
    def body(seed):
        mine = random.Random(seed)
        for part in mine.sample(PLAIN, 4):
            check(part, known, lock)

    others = [threading.Thread(target=body, args=(random.random(),)) for _ in range(4)]
    for other in others:
        other.start()
        signal.pthread_kill(other.ident, signal.SIGUSR1)
    for other in others:
        other.join()


failures = []
arrived = [0]


def arrive(number, frame):
    arrived[0] += 1
    sum(numbers(20))


def main(seconds, seed):
    random.seed(seed)
    signal.signal(signal.SIGALRM, arrive)
    signal.signal(signal.SIGUSR1, arrive)
    signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
    known, lock = {}, threading.Lock()
    end = time.monotonic() + seconds
    while not failures:
        for part in random.sample(PLAIN + ALONE, len(PLAIN + ALONE)):
            check(part, known, lock)
        threads(known, lock)
        if time.monotonic() >= end:
            break
    signal.setitimer(signal.ITIMER_REAL, 0)
    # A thread that was sent a signal as it ended may take it only when Python has given up its handlers.
    for number in (signal.SIGALRM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    print("fine" if not failures and arrived[0] else failures, sum(known.values()), flush=True)


main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
