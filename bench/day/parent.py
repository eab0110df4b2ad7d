"""Starts one child after the other: a program, how many, and an argument for them."""

import subprocess
import sys

for _ in range(int(sys.argv[2])):
    subprocess.run([sys.executable, sys.argv[1], sys.argv[3]], check=True)
