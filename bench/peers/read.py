"""
Reads a profiler's output, and prints its figures of one program's lines as JSON:

    python read.py FORMAT OUTPUT PROGRAM

{"cpu": seconds in total, "kinds": {"self": kinds of time that the profiler tells apart, "total": the same with calls},
 "lines": {line: {"self": {kind: seconds}, "total": {kind: seconds}}},
 "cannot": {"self": [lines without a figure], "total": …}, "threads": {"pid tid": seconds}, "processes": {pid: seconds}}

Kinds are those of test/truth/cases.ts: cpu, python, native, system, wait.
"""

import ast
import json
import re
import sys
from collections import defaultdict

MARK = re.compile(r"# mark: (.*?)( {2}# noqa.*)?$")


class Lines:
    """Seconds by line, alone and with what the line called."""

    def __init__(self):
        self.lines = defaultdict(lambda: {"self": defaultdict(float), "total": defaultdict(float)})

    def add(self, line, frames, kind, seconds):
        self.lines[line][frames][kind] += seconds


def stacks(samples, kinds):
    """Sampled stacks, each ([(file, line) or None for a native frame, …] outermost first, {kind: seconds})."""
    lines = Lines()
    cpu = 0
    for frames, spent in samples:
        cpu += spent.get("cpu", 0)
        python = [frame for frame in frames if frame]
        for kind, seconds in spent.items():
            for file, line in set(python):
                if file == PROGRAM:
                    lines.add(line, "total", kind, seconds)
            if python and python[-1][0] == PROGRAM:
                lines.add(python[-1][1], "self", kind, seconds)
    return {"cpu": cpu, "kinds": {"self": kinds, "total": kinds}, "lines": lines.lines}


def split(frames, seconds, sees_native):
    """CPU time of a sample by kind: native where the innermost frame is a native one."""
    if not sees_native:
        return {"cpu": seconds}
    return {"cpu": seconds, "native" if frames and frames[-1] is None else "python": seconds}


def py_spy(path, sees_native, rate=1000):
    frame = re.compile(r"^.* \((.*\.py|<.*>):(\d+)\)$")
    processes = defaultdict(float)
    samples = []
    for row in open(path):
        stack, count = row.rsplit(" ", 1)
        seconds = int(count) / rate
        frames = []
        process = None
        # A command line in the name of a process may hold anything, the separator included.
        name = re.match(r'process (\d+):".*?"(;|$)', stack)
        if name:
            process, stack = name[1], stack[name.end() :]
        for part in stack.split(";"):
            nested = re.match(r"process (\d+):", part)
            if nested:
                process = nested[1]
                continue
            found = frame.match(part)
            frames.append((found[1], int(found[2])) if found else None)
        if process:
            processes[process] += seconds
        samples.append((frames, split(frames, seconds, sees_native)))
    kinds = ["cpu", "python", "native"] if sees_native else ["cpu"]
    return stacks(samples, kinds) | {"processes": processes}


def austin(path, sees_native):
    """Full metrics: microseconds, whether the thread was idle, and bytes."""
    frame = re.compile(r"^(.*):[^:]*:(\d+)$")
    sample = re.compile(r"^P(\d+);T\d+:([0-9a-f]+)(.*) (\d+),([01]),-?\d+$")
    threads, processes = defaultdict(float), defaultdict(float)
    samples = []
    for row in open(path, errors="replace"):
        found = sample.match(row)
        if not found:
            continue
        pid, tid, stack, time, idle = found.groups()
        seconds = int(time) / 1e6
        frames = []
        for part in stack.split(";")[1:]:
            at = frame.match(part)
            if part.startswith("native@"):
                frames.append(None)
            elif at:
                frames.append((at[1], int(at[2])))
        if idle == "1":
            samples.append((frames, {"wait": seconds}))
        else:
            threads[f"{pid} {tid}"] += seconds
            processes[pid] += seconds
            samples.append((frames, split(frames, seconds, sees_native)))
    kinds = ["cpu", "wait"] + (["python", "native"] if sees_native else [])
    return stacks(samples, kinds) | {"threads": threads, "processes": processes}


def scalene(path, virtual):
    """
    Scalene has shares of its total. Its third share, "system", is everything but Python and C: with --use-virtual-time
    that is the kernel, by default it is mostly waiting.
    """
    profile = json.load(open(path))
    elapsed = profile.get("elapsed_time_sec", 0)
    lines = Lines()
    cpu = 0
    known = [
        (name, line) for name, file in profile.get("files", {}).items() for line in file["lines"]
    ]
    blocked = sum(line["n_sys_percent"] for _, line in known)
    awaited = any(line["n_async_await_percent"] for _, line in known)
    for name, line in known:
        python, native, system = (
            line[f"n_{key}"] * elapsed / 100
            for key in ("cpu_percent_python", "cpu_percent_c", "sys_percent")
        )
        spent = {"python": python, "native": native}
        if virtual:
            spent["system"] = system
        spent["cpu"] = sum(spent.values())
        if not virtual:
            # The shares of awaiting are of all awaiting.
            share = (
                line["n_async_await_percent"] / 100 * blocked if awaited else line["n_sys_percent"]
            )
            spent["wait"] = share * elapsed / 100
        cpu += spent["cpu"]
        if name == PROGRAM:
            for kind, seconds in spent.items():
                for frames in ("self", "total"):
                    lines.add(line["lineno"], frames, kind, seconds)
    kinds = ["cpu", "python", "native", "system" if virtual else "wait"]
    return {"cpu": cpu, "kinds": {"self": kinds, "total": kinds}, "lines": lines.lines}


def line_profiler(path):
    from line_profiler.line_profiler import load_stats

    found = load_stats(path)
    lines = Lines()
    for (file, _, _), timings in found.timings.items():
        if file == PROGRAM:
            for line, _, ticks in timings:
                for frames in ("self", "total"):
                    lines.add(line, frames, "cpu", ticks * found.unit)
    # It times lines with what they call: again and again where that is the line's own function. It does not say what its
    # seconds are a share of.
    unseen = [line for scope in scopes() for line in scope["marks"] if line not in lines.lines]
    calling, recursive = calls()
    kinds = {"self": ["cpu"], "total": ["cpu"]}
    cannot = {"self": unseen + calling, "total": unseen + recursive}
    return {"cpu": None, "kinds": kinds, "lines": lines.lines, "cannot": cannot}


def calls():
    """Lines that call one of the program's own functions, and lines that call the function that they are in."""
    calling, recursive = set(), set()
    tree = ast.parse(open(PROGRAM).read())
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    own = {node.name for node in ast.walk(tree) if isinstance(node, scopes)}

    def visit(node, around):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", None))
            if name in own:
                calling.update(range(node.lineno, node.end_lineno + 1))
            if name in around:
                recursive.update(range(node.lineno, node.end_lineno + 1))
        for child in ast.iter_child_nodes(node):
            visit(child, around | {node.name} if isinstance(node, scopes) else around)

    visit(tree, frozenset())
    return sorted(calling), sorted(recursive)


def pstats(path, sees_native):
    """cProfile and yappi: seconds by function and by caller."""
    import marshal

    table = marshal.load(open(path, "rb"))
    functions = defaultdict(lambda: [0.0, 0.0, 0.0])
    for (file, line, name), (_, _, own, total, callers) in table.items():
        if file == PROGRAM:
            functions[line, name][0] += own
            functions[line, name][1] += total
        elif file == "~":
            for (caller, at, who), spent in callers.items():
                if caller == PROGRAM:
                    # Newer ones give (calls, primitive calls, own, total).
                    functions[at, who][2] += spent[2]
    cpu = sum(own for _, _, own, _, _ in table.values())
    return by_scope(functions, cpu, sees_native)


def pyinstrument(path):
    profile = json.load(open(path))
    functions = defaultdict(lambda: [0.0, 0.0, 0.0])

    def visit(frame, above):
        key = (frame["line_no"], frame["function"].split(".")[-1])
        children = frame["children"]
        inner = sum(child["time"] for child in children)
        mine = frame["file_path"] == PROGRAM
        if mine:
            # "[self]" is a child of its own, a builtin a child without a file.
            functions[key][0] += frame["time"] - inner
            functions[key][0] += sum(
                child["time"] for child in children if child["function"] == "[self]"
            )
            functions[key][2] += sum(
                child["time"] for child in children if child["file_path"] == "<built-in>"
            )
            if key not in above:
                functions[key][1] += frame["time"]
        for child in children:
            visit(child, above | {key} if mine else above)

    if profile["root_frame"]:
        visit(profile["root_frame"], frozenset())
    return by_scope(functions, profile["duration"], True)


def scopes():
    """Functions of the program and the program itself, with the marks whose lines are theirs and nobody's within."""
    source = open(PROGRAM).read()
    found = [{"name": "<module>", "first": (0, 1), "start": 1, "end": 10**9, "marks": {}}]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            start = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
            name = getattr(node, "name", "<lambda>")
            first = (start, node.lineno)
            found.append(
                {"name": name, "first": first, "start": start, "end": node.end_lineno, "marks": {}}
            )
    for number, text in enumerate(source.split("\n"), 1):
        mark = MARK.search(text)
        if mark:
            inside = [scope for scope in found if scope["start"] <= number <= scope["end"]]
            min(inside, key=lambda scope: scope["end"] - scope["start"])["marks"][number] = mark[1]
    return found


def by_scope(functions, cpu, sees_native):
    """
    A function's figure is that of its marked lines if they all have the same mark, because its other lines are few and cheap.
    A function without samples has no figure.
    """
    lines = Lines()
    cannot = []
    for scope in scopes():
        own = [key for key in functions if key[0] in scope["first"] and key[1] == scope["name"]]
        if len(set(scope["marks"].values())) > 1 or not own:
            cannot += scope["marks"]
        elif scope["marks"]:
            line = min(scope["marks"])
            alone, total, builtin = (sum(functions[key][at] for key in own) for at in range(3))
            lines.add(line, "self", "cpu", alone + builtin)
            lines.add(line, "total", "cpu", total)
            if sees_native:
                lines.add(line, "self", "python", alone)
                lines.add(line, "self", "native", builtin)
    kinds = {"self": ["cpu", "python", "native"] if sees_native else ["cpu"], "total": ["cpu"]}
    return {
        "cpu": cpu,
        "kinds": kinds,
        "lines": lines.lines,
        "cannot": {"self": cannot, "total": cannot},
    }


READERS = {
    "py-spy": lambda path: py_spy(path, False),
    "py-spy native": lambda path: py_spy(path, True),
    "austin": lambda path: austin(path, False),
    "austinp": lambda path: austin(path, True),
    "scalene": lambda path: scalene(path, False),
    "scalene virtual": lambda path: scalene(path, True),
    "line_profiler": line_profiler,
    "cProfile": lambda path: pstats(path, True),
    "yappi": lambda path: pstats(path, False),
    "pyinstrument": pyinstrument,
}

if __name__ == "__main__":
    PROGRAM = sys.argv[3]
    json.dump(READERS[sys.argv[1]](sys.argv[2]), sys.stdout)
