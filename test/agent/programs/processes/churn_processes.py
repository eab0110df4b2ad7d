"""
Two hundred processes that live for a moment: forked, started anew, through multiprocessing and without. Prints every pid
that was Python, one per line.
"""

import multiprocessing
import os
import subprocess
import sys


def work():
    return sum(i * i for i in range(20_000))


def report_pid(queue):
    work()
    queue.put(os.getpid())


def forked(count):
    """Ten at a time."""
    for _ in range(count // 10):
        pids = []
        for _ in range(10):
            pid = os.fork()
            if pid == 0:
                work()
                os._exit(0)
            pids.append(pid)
        for pid in pids:
            assert os.waitpid(pid, 0)[1] == 0
        yield from pids


def through_multiprocessing(count, method):
    context = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    for _ in range(count // 5):
        processes = [context.Process(target=report_pid, args=(queue,)) for _ in range(5)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0
        for _ in processes:
            yield queue.get()


def anew(count):
    code = "import os; print(os.getpid())"
    for _ in range(count // 5):
        command = [sys.executable, "-S", "-c", code]
        processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(5)]
        for process in processes:
            yield int(process.communicate()[0])


if __name__ == "__main__":
    for pid in (
        *forked(120),
        *through_multiprocessing(40, "fork"),
        *through_multiprocessing(10, "spawn"),
        *anew(30),
    ):
        print(pid)
