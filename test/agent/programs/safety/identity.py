"""Everything a program can easily see of how it was started and of the process it runs in."""

import json
import os
import signal
import sys
import threading

standard = [number for number in range(1, 32) if number not in (signal.SIGKILL, signal.SIGSTOP)]
print(
    json.dumps(
        {
            "argv": sys.argv,
            "name": __name__,
            "file": __file__,
            "spec": str(__spec__),
            "path": sys.path,
            "executable": sys.executable,
            "flags": str(sys.flags),
            "warnoptions": sys.warnoptions,
            "modules": sorted(sys.modules),
            "main": sorted(vars(sys.modules["__main__"])),
            "hooks": [str(sys.gettrace()), str(sys.getprofile()), str(sys.excepthook)],
            "threads": [str(thread) for thread in threading.enumerate()][0].split(",")[0],
            "active": threading.active_count(),
            "descriptors": sorted(os.listdir("/proc/self/fd")),
            "handlers": [str(signal.getsignal(number)) for number in standard],
            "mask": [
                number
                for number in standard
                if number in signal.pthread_sigmask(signal.SIG_BLOCK, [])
            ],
            "timers": [signal.getitimer(which) for which in (0, 1, 2)],
            "environment": list(os.environ.items()),
            "as the kernel shows it": open("/proc/self/environ").read(),
            "cwd": os.getcwd(),
            "umask": os.umask(0),
            "encoding": [sys.stdout.encoding, sys.stdout.line_buffering, sys.stdin.isatty()],
            "switch": sys.getswitchinterval(),
            "recursion": sys.getrecursionlimit(),
        },
        indent=1,
    )
)
