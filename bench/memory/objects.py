"""Objects of Python's own: rows, strings, an index, and JSON in between."""

import json


class Row:
    __slots__ = ("name", "number")

    def __init__(self, number):
        self.number = number + 1000
        self.name = "row number %d" % self.number


rows = [Row(number) for number in range(60_000)]
index = {row.name: row for row in rows}
pairs = [(row.number, row.name) for row in rows]
text = json.dumps(pairs)
read = json.loads(text)
blocks = [bytes(50_000) for _ in range(400)]
for _ in range(30):
    words = text.split(",")
    del words
