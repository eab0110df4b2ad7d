"""
Prints memray's figures by line of the program's own file as JSON: {line: [allocated, peak]}, in bytes.

    python read.py RECORDING PROGRAM

A block is charged to the innermost frame of that file on its stack, as Lineheat does.
"""

import collections
import json
import sys

from memray import AllocatorType, FileReader

recording, program = sys.argv[1:]
frees = {AllocatorType.FREE, AllocatorType.MUNMAP, AllocatorType.PYMALLOC_FREE}


def line_of(record):
    return next((line for _, file, line in record.stack_trace() if file == program), None)


lines = collections.defaultdict(lambda: [0, 0])
reader = FileReader(recording)
for record in reader.get_allocation_records():
    if AllocatorType(record.allocator) not in frees:
        lines[line_of(record)][0] += record.size
for record in reader.get_high_watermark_allocation_records(merge_threads=True):
    lines[line_of(record)][1] += record.size
json.dump({line: bytes for line, bytes in lines.items() if line is not None}, sys.stdout)
