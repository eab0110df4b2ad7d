"""
Runs a command for at most SECONDS, and prints what the operating system charged to its whole process tree:
{"cpu_s", "wall_s", "peak_bytes", "exit"}. exit is null after a timeout.

    python measure.py SECONDS COMMAND…

This process adopts processes that outlive their parent, so that a profiler's own processes are counted too.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

prctl = ctypes.CDLL(None, use_errno=True).prctl
# The second option ends everything when the benchmark is killed.
for option, value in (PR_SET_CHILD_SUBREAPER, 1), (PR_SET_PDEATHSIG, signal.SIGTERM):
    if prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
start = time.monotonic()
child = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, start_new_session=True)
expired = False


def expire(*_):
    global expired
    expired = True
    os.killpg(child.pid, signal.SIGKILL)


signal.signal(signal.SIGALRM, expire)
signal.signal(signal.SIGTERM, expire)
signal.alarm(int(sys.argv[1]))
cpu = peak = 0
status = wall = None
while True:
    try:
        pid, ended, usage = os.wait4(-1, 0)
    except ChildProcessError:
        break
    cpu += usage.ru_utime + usage.ru_stime
    peak = max(peak, usage.ru_maxrss * 1024)
    if pid == child.pid:
        status, wall = ended, time.monotonic() - start
json.dump(
    {
        "cpu_s": cpu,
        "wall_s": wall,
        "peak_bytes": peak,
        "exit": None if expired else os.waitstatus_to_exitcode(status),
    },
    sys.stdout,
)
