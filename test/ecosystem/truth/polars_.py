"""Queries by a pool of Rust's threads."""

import polars
from clocks import Clocks

frame = polars.DataFrame(
    {"key": [i % 1000 for i in range(600_000)], "value": [float(i % 77) for i in range(600_000)]}
)
wide = polars.concat([frame] * 4)
totals = [polars.sum("value"), polars.max("value").alias("most")]
clocks = Clocks()
for _ in range(25):
    with clocks.call("group"):
        wide.group_by("key").agg(totals)  # mark: group
    clocks.rest()  # mark: rest
    with clocks.call("sort"):
        frame.sort("value", "key")  # mark: sort
    clocks.rest()  # mark: rest
clocks.say()
