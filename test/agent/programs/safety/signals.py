"""Programs that use signals and timers themselves: prints only what does not depend on the machine's speed."""

import faulthandler
import os
import select
import signal
import sys
import threading
import time


def spin(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        sum(range(100))


def count_timer(which, number, interval):
    seen = []
    signal.signal(number, lambda *_: seen.append(1))
    signal.setitimer(which, interval, interval)
    deadline = time.monotonic() + 30
    while len(seen) < 10 and time.monotonic() < deadline:
        spin(0.001)
    signal.setitimer(which, 0)
    print(signal.Signals(number).name, len(seen) >= 10)


def alarm():
    seen = []
    signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    before = time.monotonic()
    time.sleep(0.3)
    # The sleep goes on after the handler has run (PEP 475).
    print("alarm", seen, time.monotonic() - before >= 0.3)


def raising_alarm():
    def stop(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        time.sleep(20)
    except TimeoutError:
        print("interrupted")


def wakeup():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.set_wakeup_fd(writer)
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    spin(0.1)
    ready, _, _ = select.select([reader], [], [], 10)
    print("wakeup", os.read(reader, 10) == bytes([signal.SIGUSR1]), bool(ready))
    signal.set_wakeup_fd(-1)


def wait_for():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR2)).start()
    print("sigwait", signal.sigwait([signal.SIGUSR2]) == signal.SIGUSR2)
    print("sigtimedwait", signal.sigtimedwait([signal.SIGUSR2], 0.05))


def faults():
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=False)
    os.kill(os.getpid(), signal.SIGUSR1)
    faulthandler.dump_traceback_later(0.05, exit=False)
    time.sleep(1)  # Long enough for the thread that writes, also where cores are scarce.
    faulthandler.cancel_dump_traceback_later()
    faulthandler.dump_traceback(all_threads=False)
    sys.stderr.flush()


def real_time():
    number = signal.SIGRTMIN + 1
    seen = []
    signal.signal(number, lambda *_: seen.append(1))
    for _ in range(5):
        os.kill(os.getpid(), number)
    spin(0.05)
    print("real time", len(seen) > 0)


alarm()
raising_alarm()
count_timer(signal.ITIMER_REAL, signal.SIGALRM, 0.01)
count_timer(signal.ITIMER_VIRTUAL, signal.SIGVTALRM, 0.01)
count_timer(signal.ITIMER_PROF, signal.SIGPROF, 0.01)
wakeup()
wait_for()
real_time()
faults()
