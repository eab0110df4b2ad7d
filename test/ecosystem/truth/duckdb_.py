"""Queries by a pool of threads that the caller takes part in."""

import duckdb
from clocks import Clocks

base = duckdb.connect()
base.execute("SET threads TO 2")
base.execute(
    "CREATE TABLE numbers AS SELECT i AS id, i % 1000 AS key, (i * 7919) % 10007 AS value FROM range(2000000) t(i)"
)
group = "SELECT key, median(value), count(*) FROM numbers GROUP BY key ORDER BY key"
join = "SELECT count(*) FROM numbers a JOIN numbers b ON a.id = b.value"
clocks = Clocks()
for _ in range(20):
    with clocks.call("group"):
        base.execute(group).fetchall()  # mark: group
    clocks.rest()  # mark: rest
    with clocks.call("join"):
        base.execute(join).fetchall()  # mark: join
    clocks.rest()  # mark: rest
clocks.say()
