"""Child processes of every kind. Each that is Python works for a while; the output is the same in every run."""

import concurrent.futures
import multiprocessing
import os
import subprocess
import sys
import threading
import time

how = sys.argv[1]


def work(seconds=0.3):
    total = 0
    end = time.process_time() + seconds
    while time.process_time() < end:
        for i in range(1000):
            total += i
    return 7


def status(pid):
    return os.waitpid(pid, 0)[1]


def fork():
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(5)
    work()
    print("child", status(pid) >> 8)


def fork_from_thread():
    # The child's only thread is not the one that Python started with.
    thread = threading.Thread(target=fork)
    thread.start()
    thread.join()


def fork_exit():
    pid = os.fork()
    if pid == 0:
        work()
        sys.exit(6)
    print("child", status(pid) >> 8)


def fork_twice():
    pid = os.fork()
    if pid == 0:
        inner = os.fork()
        if inner == 0:
            work()
            os._exit(1)
        work()
        os._exit(2 + (status(inner) >> 8))
    work()
    print("child", status(pid) >> 8)


def python():
    code = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\nraise SystemExit(9)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    print("child", done.returncode, done.stdout, done.stderr)


def other():
    done = subprocess.run(["/bin/sh", "-c", "echo from sh; exit 8"], capture_output=True)
    print("child", done.returncode, done.stdout, done.stderr)
    print("system", os.system("exit 3") >> 8)
    print("posix_spawn", status(os.posix_spawn("/bin/false", ["false"], os.environ)) >> 8)


def shell():
    # Two commands, so that the shell stays between us and the grandchild.
    print("shell", os.system(f"{sys.executable} {__file__} after; exit 8") >> 8)


def generations():
    # A child by subprocess, which forks; and one that a process pool started.
    done = subprocess.run([sys.executable, __file__, "fork"], capture_output=True, text=True)
    print("child", done.returncode, done.stdout, done.stderr)
    # From 3.14 a pool asks a fork server unless told otherwise.
    fork = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=fork) as workers:
        print("pool", workers.submit(work).result())


def pool():
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as workers:
            print(method, workers.map(work, [0.2, 0.2, 0.2, 0.2]))


def execute():
    work()
    os.execv(sys.executable, [sys.executable, __file__, "after"])


def execute_other():
    work()
    os.execvp("sh", ["sh", "-c", "echo from sh; exit 8"])


def execute_missing():
    try:
        os.execv("/nowhere/at/all", ["x"])
    except OSError as error:
        print(type(error).__name__)
    work()


def after():
    work()
    raise SystemExit(4)


def killed():
    pid = os.fork()
    if pid == 0:
        work()
        os.kill(os.getpid(), 9)
    print("child", status(pid))


if __name__ == "__main__":
    globals()[how]()
