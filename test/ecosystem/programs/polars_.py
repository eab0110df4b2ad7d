import sys

import polars

frame = polars.DataFrame(
    {"key": [i % 1000 for i in range(600_000)], "value": [float(i % 77) for i in range(600_000)]}
)
for _ in range(60 * int(sys.argv[1])):
    found = (
        frame.lazy()
        .with_columns((polars.col("value") * 2).sqrt().alias("root"))
        .group_by("key")
        .agg(polars.col("root").sum(), polars.col("value").max())
        .sort("key")
        .collect()
    )
print(found.shape, found["value"].max())
