"""Ends in the way its argument names, after a little output on both streams."""

import ctypes
import os
import signal
import sys

how = sys.argv[1]
print("out", how, flush=True)
print("err", how, file=sys.stderr, flush=True)
sum(i * i for i in range(300_000))
if how == "return":
    pass
elif how == "exit3":
    sys.exit(3)
elif how == "message":
    sys.exit("a last word")
elif how == "raise":
    raise ValueError("uncaught")
elif how == "_exit4":
    os._exit(4)
elif how == "abort":
    os.abort()
elif how == "segv":
    ctypes.string_at(0)
else:
    os.kill(os.getpid(), getattr(signal, how))
    signal.pause()
