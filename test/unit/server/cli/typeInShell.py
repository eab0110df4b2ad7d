"""Types lines into an interactive shell: type_in_shell.py SHELL SETUP LINE...

Presses the tab key after each line, and enter, and prints what the command "lineheat" got as its arguments then.
"""

import os
import pty
import re
import select
import sys
import time

DEADLINE_S = 30
shell, setup, *lines = sys.argv[1:]
quiet = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}[os.path.basename(shell)]

pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="dumb", PS1="$ ", INPUTRC="/dev/null", HISTFILE="/dev/null")
    os.execv(shell, [shell, *quiet])


def read_until(pattern: str) -> str:
    seen = ""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if ready:
            seen += os.read(terminal, 4096).decode(errors="replace")
        found = re.search(pattern, seen, re.DOTALL)
        if found:
            return found.group(1)
    sys.exit(f"{pattern} did not come; the terminal shows: {seen!r}")


def send(text: str) -> None:
    os.write(terminal, text.encode())


# Broken by quotes, so that what the terminal echoes is not taken for the answer.
send(f"{setup}; lineheat() {{ printf 'G''OT[%s]' \"$*\"; }}; printf 'SET''UP(%s)' done\n")
read_until(r"SETUP\((done)\)")
for line in lines:
    send(line + "\t")
    # A shell that is still busy with the tab must not take enter for a part of the line.
    time.sleep(0.2)
    send("\n")
    print(read_until(r"GOT\[(.*?)\]"))
send("exit\n")
os.close(terminal)
os.waitpid(pid, 0)
