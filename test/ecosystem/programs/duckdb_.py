import sys

import duckdb

rounds = int(sys.argv[1])
base = duckdb.connect()
base.execute("SET threads TO 2")
base.execute(
    "CREATE TABLE numbers AS SELECT i AS id, i % 1000 AS key, (i * 7919) % 10007 AS value FROM range(2000000) t(i)"
)
for _ in range(12 * rounds):
    rows = base.execute(
        "SELECT key, sum(value), count(*) FROM numbers GROUP BY key ORDER BY key"
    ).fetchall()
for _ in range(rounds):
    joined = base.execute(
        "SELECT count(*) FROM numbers a JOIN numbers b ON a.id = b.value"
    ).fetchone()
print(len(rows), rows[:2], joined)
