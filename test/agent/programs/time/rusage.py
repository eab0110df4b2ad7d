"""Runs a command and writes how it ended and the CPU time it had to a file: rusage.py FILE NAME=VALUE… -- command…"""

import json
import os
import sys

separator = sys.argv.index("--")
environment = dict(os.environ, **dict(word.split("=", 1) for word in sys.argv[2:separator]))
command = sys.argv[separator + 1 :]
pid = os.fork()
if pid == 0:
    try:
        os.execve(command[0], command, environment)
    finally:
        os._exit(127)
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w") as out:
    json.dump({"cpu_s": usage.ru_utime + usage.ru_stime, "status": status}, out)
