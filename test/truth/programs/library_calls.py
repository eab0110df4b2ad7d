"""Calls into compiled modules, each on a line of its own among lines of Python."""

import gc
import hashlib
import json
import random
import re
import sqlite3
import zlib

from truth import again, region, write

# When the collector runs depends on the version of Python, not on the interrupted line.
gc.disable()
generator = random.Random(1)
words = [f"{generator.randrange(10**9):x}" for _ in range(40_000)]
text = " ".join(words)
raw = text.encode()
document = {word: [len(word), word] for word in words}
twice, more = words * 2, words * 4
encoded = json.dumps(document)
pattern = re.compile(r"\b[a-f]+[0-9]+\b")
database = sqlite3.connect(":memory:")
database.execute("create table numbers (n integer)")
database.executemany("insert into numbers values (?)", ((n,) for n in range(100_000)))
query = "select sum(n * n % 7) from numbers"


def count(values):
    total = 0
    for value in values:  # mark: python
        total += len(value) & 7  # mark: python
    return total


while again():
    with region("dumps"):
        result = json.dumps(document)  # mark: dumps
    with region("python"):
        count(twice)
    with region("loads"):
        result = json.loads(encoded)  # mark: loads
    # The result of a call is freed by the line that drops it.
    result = None
    with region("findall"):
        result = pattern.findall(text)  # mark: findall
    result = None
    with region("compress"):
        result = zlib.compress(raw, 3)  # mark: compress
    with region("python"):
        count(more)
    with region("sha256"):
        for _ in range(20):  # mark: sha256
            hashlib.sha256(raw).digest()  # mark: sha256
    with region("execute"):
        database.execute(query).fetchone()  # mark: execute
write()
