"""Prints its environment, and that of children that get an empty one, a new one, or the same by other ways."""

import os
import subprocess
import sys

ROUNDS = 60_000


def work():
    return sum(i * i for i in range(ROUNDS))


def show():
    shown = {name: os.environ[name] for name in sorted(os.environ)}
    with open("/proc/self/environ") as file:
        # Where LD_PRELOAD had another library beside ours there is a gap.
        words = file.read().split("\0")
        print(sys.argv[1], shown, [word for word in words if word or "LD_PRELOAD" not in shown])
    sys.stdout.flush()


def child(name, *options):
    return [sys.executable, *options, __file__, name]


if len(sys.argv) > 1:
    work()
    show()
    sys.exit(len(sys.argv[1]))

sys.argv.append("parent")
show()
codes = [
    subprocess.call(child("empty"), env={}),
    subprocess.call(child("new"), env={"MINE": "2"}, close_fds=True, start_new_session=True),
    subprocess.call(child("preload"), env={"LD_PRELOAD": "", "LINEHEAT_MINE": "kept"}),
    subprocess.call(child("isolated", "-I", "-S")),
    subprocess.call(["env", "-i", *child("env -i")]),
    subprocess.call(["sh", "-c", 'unset LD_PRELOAD; "$0" "$@"', *child("shell")]),
    os.waitpid(os.posix_spawn(sys.executable, child("spawned"), {}), 0)[1] >> 8,
    os.system(" ".join(child("system"))) >> 8,
]
pid = os.fork()
if pid == 0:
    os.execve(sys.executable, child("execve"), {"LANG": "C"})
codes.append(os.waitpid(pid, 0)[1] >> 8)
print(codes)
print(sorted(subprocess.check_output(["env"]).split(b"\n")))
print(subprocess.check_output("export -p", shell=True))
print(subprocess.check_output(["sh", "-c", "echo $LD_PRELOAD$LINEHEAT_DIR"]))
