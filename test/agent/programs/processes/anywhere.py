"""Runs on any Python there is: leaves a file behind, says hello and ends with 3."""

import sys

open(sys.argv[1], "w").close()
sys.stdout.write("hello\n")
sys.stderr.write("careful\n")
sys.exit(3)
