"""Uses the stand-ins for NVIDIA's libraries, in the way that its argument names; prints how long it was busy, and what it can see of us."""

import ctypes
import json
import os
import signal
import sys
import time


def compute(seconds):
    until = time.monotonic() + seconds
    total = 0
    while time.monotonic() < until:
        total += 1  # mark: compute
    return total


def use(cuda, asleep):
    began = time.monotonic()
    cuda.cuCtxSynchronize(1000, asleep)  # mark: synchronize
    return time.monotonic() - began


def mapped():
    with open("/proc/self/maps") as maps:
        return sorted({line.split("/")[-1].strip() for line in maps if "libnvidia-ml" in line})


how = sys.argv[1]
said = {"pid": os.getpid()}
if how == "without":
    compute(0.5)
else:
    cuda = ctypes.CDLL("libcuda.so.1")
    cuda.cuInit(0)
    cuda.cuMemAlloc(ctypes.c_uint64(512 << 20))
    compute(0.6)
    said["busy"] = use(cuda, how == "asleep")
    compute(0.6)
said["mapped"] = mapped()
said["files"] = len(os.listdir("/proc/self/fd"))
print(json.dumps(said), flush=True)
if how == "fork":
    child = os.fork()
    if child == 0:
        compute(0.3)
        use(cuda, False)
        compute(0.3)
        sys.exit(3)
    assert os.waitpid(child, 0)[1] == 3 << 8
elif how == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
elif how == "exec":
    os.execv(sys.executable, [sys.executable, sys.argv[0], "children"])
if how in ("fork", "exec", "children", "busy"):
    # Whoever waits for any child must not find ours.
    try:
        print(os.wait())
    except ChildProcessError:
        print("no children")
