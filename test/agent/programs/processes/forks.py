"""
Forks children one after another from the top of a script, where a stack is a single frame, so the agent still asks the
interpreter about it. Prints the statuses of those that ended otherwise than they should.
"""

import os
import time

wrong = []
for _ in range(300):
    pid = os.fork()
    if pid == 0:
        time.sleep(0.002)
        os._exit(7)
    status = os.waitpid(pid, 0)[1]
    if status != 7 << 8:
        wrong.append(status)
print(wrong)
