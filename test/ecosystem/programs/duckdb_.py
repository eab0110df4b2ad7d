import duckdb

base = duckdb.connect()
base.execute("SET threads TO 2")
base.execute(
    "CREATE TABLE numbers AS SELECT i AS id, i % 1000 AS key, (i * 7919) % 10007 AS value FROM range(2000000) t(i)"
)
for _ in range(6):
    rows = base.execute(
        "SELECT key, sum(value), count(*) FROM numbers GROUP BY key ORDER BY key"
    ).fetchall()
print(
    len(rows),
    rows[:2],
    base.execute("SELECT count(*) FROM numbers a JOIN numbers b ON a.id = b.value").fetchone(),
)
