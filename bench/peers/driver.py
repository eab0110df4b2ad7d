"""
Runs one of pyperformance's benchmarks in this process, a fixed number of times, without pyperf's runner:

    PYTHONPATH=BENCHMARKS python driver.py NAME [SHARE]

SHARE scales the number of times; 1 takes two to four seconds. If LINEHEAT_BENCH_SPENT names a file, the CPU time of the
work in this process is written there, in seconds. The rest of the process tree's CPU time is start-up, other processes and
what a profiler does after the program.
"""

import asyncio
import gc
import importlib
import os
import sys
import time
from pathlib import Path


def load(name):
    """A benchmark's functions; its main part does not run."""
    return importlib.import_module(f"bm_{name}.run_benchmark")


def async_tree(variant, times):
    tree = load("async_tree").BENCHMARKS[variant]()
    for _ in range(times):
        asyncio.run(tree.run())


def docutils(times):
    module = load("docutils")
    module.bench_docutils(times, module.DOC_ROOT)


def fannkuch(times):
    module = load("fannkuch")
    for _ in range(times):
        module.fannkuch(module.DEFAULT_ARG)


def mdp(times):
    load("mdp").bench_mdp(times)


def pprint(times):
    module = load("pprint")
    for _ in range(times):
        module.p._safe_repr(module.printable, {}, None, 0)
        module.p.pformat(module.printable)


def raytrace(times):
    module = load("raytrace")
    module.bench_raytrace(times, module.DEFAULT_WIDTH, module.DEFAULT_HEIGHT, None)


def sympy(times):
    module = load("sympy")
    gc.disable()  # As the benchmark's own main part does.
    for _ in range(times):
        for name in module.BENCHMARKS:
            module.bench_sympy(1, getattr(module, f"bench_{name}"))


# Functions that run a benchmark, and how often it runs in two to four seconds.
PROGRAMS = {
    "async_tree_none": (lambda times: async_tree("none", times), 4),
    "async_tree_io": (lambda times: async_tree("io", times), 2),
    "async_tree_cpu_io_mixed": (lambda times: async_tree("cpu_io_mixed", times), 3),
    "async_tree_memoization": (lambda times: async_tree("memoization", times), 3),
    "docutils": (docutils, 1),
    "fannkuch": (fannkuch, 5),
    "mdp": (mdp, 1),
    "pprint": (pprint, 1),
    "raytrace": (raytrace, 6),
    "sympy": (sympy, 2),
}


def main(name, share=1.0):
    before = time.process_time()
    function, times = PROGRAMS[name]
    function(max(1, round(times * share)))
    spent = os.environ.get("LINEHEAT_BENCH_SPENT")
    if spent:
        Path(spent).write_text(str(time.process_time() - before))


if __name__ == "__main__":
    main(sys.argv[1], *map(float, sys.argv[2:]))
