"""Five million small objects, kept: tracemalloc measures their exact size in a separate process."""

from blocks import traced
from truth import write


class Point:
    def __init__(self, x, y):
        self.x = x  # mark: objects
        self.y = y  # mark: objects


with traced("strings"):
    strings = [str(number) for number in range(1_500_000)]  # mark: strings
with traced("lists"):
    lists = [[number] for number in range(1_000_000)]  # mark: lists
with traced("grown lists"):
    grown = []
    for number in range(300_000):
        item = []  # mark: grown lists
        for element in range(10):
            item.append(element)  # mark: grown lists
        grown.append(item)  # mark: grown lists
with traced("tuples"):
    tuples = [(number, None) for number in range(1_000_000)]  # mark: tuples
with traced("dict"):
    table = {text: None for text in strings}  # mark: dict
with traced("dicts"):
    dicts = [{"number": number, "text": None} for number in range(400_000)]  # mark: dicts
with traced("set"):
    texts = {text + "." for text in strings[:800_000]}  # mark: set
with traced("objects"):
    points = [Point(None, None) for _ in range(800_000)]  # mark: objects
write()
