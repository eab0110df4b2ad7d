"""Processes started afresh by multiprocessing and by subprocess, each with its own costs."""

import multiprocessing
import subprocess
import sys
from multiprocessing import resource_tracker

from truth import going, region, write


def work(rounds):
    total = 0
    for number in range(rounds):
        total += number & 7
    return total


def spawned():
    while going(0.35):
        with region("spawned"):
            work(300_000)  # mark: spawned
    write()


def run():
    while going(0.25):
        with region("run"):
            work(300_000)  # mark: run
    write()


if __name__ == "__main__":
    if sys.argv[-1] == "run":
        run()
        sys.exit()
    process = multiprocessing.get_context("spawn").Process(target=spawned)
    process.start()
    other = subprocess.Popen([sys.executable, *sys.argv, "run"])
    while going(0.4):
        with region("parent"):
            work(300_000)  # mark: parent
    process.join()
    other.wait()
    # multiprocessing has a process of its own that outlives this one, unless it is told to end.
    resource_tracker._resource_tracker._stop()
    write()
