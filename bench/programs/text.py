"""Builtins and the standard library's compiled modules, called many times."""

import json
import re

records = [{"name": f"user{i}", "tags": ["a", "b", str(i)], "score": i / 7} for i in range(2000)]
words = re.compile(r"\b(\w)(\w*)\b")
for _ in range(140):
    text = json.dumps(records)
    records = json.loads(text)
    words.sub(r"\2\1", text[:60_000])
    sorted(records, key=lambda record: record["score"], reverse=True)
