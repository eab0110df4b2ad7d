"""Small objects of the program's own, built, looked at, written as JSON and read back: what a web application does."""

import json


class Item:
    def __init__(self, number):
        self.number = number
        self.name = f"item {number}"
        self.tags = [str(number % 7), str(number % 11)]

    def row(self):
        return {
            "number": self.number,
            "name": self.name,
            "tags": self.tags,
            "price": self.number / 7,
        }


for _ in range(24):
    items = [Item(number) for number in range(6_000)]
    text = json.dumps({"items": [item.row() for item in items]})
    found = {row["name"]: row for row in json.loads(text)["items"]}
    total = sum(found[item.name]["price"] for item in items)
