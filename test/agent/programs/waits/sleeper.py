"""Waits in three ways, and works on none of these lines."""

import os
import select
import subprocess
import time

# No stack is read before one was compared with Python's own, which before 3.13 begins in the bytecode loop: a wait that
# comes first of all can be over by then, and has no line.
end = time.thread_time() + 0.05
while time.thread_time() < end:
    pass

reader, writer = os.pipe()
began = time.monotonic()
time.sleep(0.8)  # mark: sleep
time_slept = time.monotonic()
select.select([reader], [], [], 0.6)  # mark: select
time_selected = time.monotonic()
subprocess.run(["sleep", "0.5"])  # mark: subprocess
time_ran = time.monotonic()
print(time_slept - began, time_selected - time_slept, time_ran - time_selected)
